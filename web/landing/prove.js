// Answers the challenge of the page: a number for which SHA-256 of "CHALLENGE:NUMBER" begins with so many zero bits. It
// is looked for from the start, so that who presses the button seldom waits. Pages without TLS have no crypto.subtle,
// and what is hashed fits into one block: so SHA-256 stands here (FIPS 180-4), and of it only the first word is made.
(function () {
    var form = document.getElementById('prove'), button = form.querySelector('button');
    var text = form.elements.challenge.value + ':', bits = +form.getAttribute('data-bits');
    var K = [], START = [], block = [], w = [], number = 0, answer = '', pressed = false, sent = false;

    // The first 32 bits of the fractional part of a root of a prime.
    function root(prime, power) {
        var r = Math.pow(prime, power);
        return ((r - Math.floor(r)) * 4294967296) | 0;
    }

    function constants() {
        for (var n = 2, i; K.length < 64; n++) {
            for (i = 2; i * i <= n && n % i; i++);
            if (i * i <= n)
                continue;
            if (START.length < 8)
                START.push(root(n, 1 / 2));
            K.push(root(n, 1 / 3));
        }
    }

    function turn(x, n) {
        return x >>> n | x << 32 - n;
    }

    function put(at, code) {
        var shift = 24 - at % 4 * 8;
        block[at >> 2] = block[at >> 2] & ~(255 << shift) | code << shift;
    }

    function fill(n) {
        var digits = String(n), end = text.length + digits.length, i;
        for (i = 0; i < digits.length; i++)
            put(text.length + i, digits.charCodeAt(i));
        put(end, 128);
        block[15] = end * 8;
    }

    function head() {
        var a = START[0], b = START[1], c = START[2], d = START[3], e = START[4], f = START[5], g = START[6],
            h = START[7], i, x, y;
        for (i = 0; i < 64; i++) {
            if (i < 16) {
                w[i] = block[i];
            } else {
                x = w[i - 15];
                y = w[i - 2];
                w[i] = (turn(x, 7) ^ turn(x, 18) ^ x >>> 3) + w[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ y >>> 10)
                    + w[i - 16] | 0;
            }
            x = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + (e & f ^ ~e & g) + K[i] + w[i] | 0;
            y = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + (a & b ^ a & c ^ b & c) | 0;
            h = g;
            g = f;
            f = e;
            e = d + x | 0;
            d = c;
            c = b;
            b = a;
            a = x + y | 0;
        }
        return a + START[0] >>> 0;
    }

    function send() {
        if (sent || !answer)
            return;
        sent = true;
        form.elements.answer.value = answer;
        form.submit();
    }

    // A little at a time: the page stays alive.
    function work() {
        var until = new Date().getTime() + 30, limit = Math.pow(2, 32 - bits), i;
        do {
            for (i = 0; i < 200; i++, number++) {
                fill(number);
                if (head() < limit) {
                    answer = String(number);
                    if (pressed)
                        send();
                    return;
                }
            }
        } while (new Date().getTime() < until);
        setTimeout(work, 0);
    }

    form.addEventListener('submit', function (e) {
        e.preventDefault();
        if (pressed)
            return;
        pressed = true;
        button.setAttribute('aria-disabled', 'true');
        button.textContent = button.getAttribute('data-busy');
        send();
    });
    // Back from the page cache: what was used does not serve again.
    window.addEventListener('pageshow', function (e) {
        if (e.persisted)
            location.replace(location.pathname + location.search);
    });
    constants();
    for (var i = 0; i < 16; i++)
        block[i] = 0;
    for (i = 0; i < text.length; i++)
        put(i, text.charCodeAt(i));
    work();
})();
