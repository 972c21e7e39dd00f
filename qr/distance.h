/*
 * From how far a printed code can be scanned, and how large it must be for that. Two rules, the stricter one holds:
 *
 * - The symbol (without its quiet zone) is at least a tenth of the distance wide: the rule of thumb of the trade.
 * - A module is at least 0.4 mm, however near (a phone camera in a hand that isn't still, on paper that takes up ink),
 *   1 mm from 1 m to 2 m, and beyond that a two-thousandth of the distance; below 1 m a thousandth.
 *
 * The second one matters for dense symbols only. Millimetres everywhere.
 */
#ifndef QR_DISTANCE_H
#define QR_DISTANCE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    QR_DISTANCE_MIN = 50,     /* mm */
    QR_DISTANCE_MAX = 100000, /* mm */
    QR_DISTANCE_WORDS = 16,   /* bytes of qr_distance_say, with the NUL */
};

/* No module is printed smaller than this, in mm. */
extern const double qr_module_min;

/* "3m", "1.5m", "80cm", "300mm" -> mm; false if it is none of these, or not QR_DISTANCE_MIN to QR_DISTANCE_MAX. */
bool qr_distance_from_text(const char *text, size_t len, double *ret_mm);

/* The width a symbol of so many modules a side needs, without its quiet zone. */
double qr_distance_width(double distance, int modules);

/* From how far a symbol so wide (without its quiet zone) can be scanned; 0: its modules are too small to print. */
double qr_distance_reach(double width, int modules);

/* For people, rounded down: "1.2 m", "45 cm". */
void qr_distance_say(double distance, char out[QR_DISTANCE_WORDS]);

#endif
