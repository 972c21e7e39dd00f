// Statistics as the API has them, and what is made of them. Days and hours are the server's: "2026-11-25", "2026-11-25T14".
import { ApiError, get } from '../api/client';
import { language, t, type Key } from '../words';

export type Kind = 'views' | 'people' | 'returning' | 'seats' | 'held' | 'confirmed' | 'given_back' | 'reports' | 'full' | 'machines' | 'lost';
/** null: not known. */
export type Counts = Record<Kind, number | null>;
export interface Stats {
    slug: string | null;
    from: string;
    to: string;
    now: string;
    totals: Counts;
    rows: (Counts & { key: string })[];
    dropped?: number;
}

/** A line or the bars of a chart. */
export interface Series {
    name: string;
    values: (number | null)[];
}

const DAY_MS = 86400000;
const BUSY_MS = 400; // the server reads so many at once, and says when it is one too many
const TRIES = 4;

/** Asks again while the server reads too many at once. */
export async function readStats(path: string, query: Record<string, string>): Promise<Stats> {
    for (let tries = 1; ; tries++) {
        try {
            return await get<Stats>(path, query);
        } catch (e) {
            if (!(e instanceof ApiError) || e.status !== 503 || tries === TRIES)
                throw e;
            await new Promise((done) => { setTimeout(done, BUSY_MS * tries); });
        }
    }
}

export function dayAfter(day: string, days: number): string {
    return new Date(Date.parse(`${day}T12:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

export function daysBetween(from: string, to: string): number {
    return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** "11 月 25 日 14:00", "25 Nov, 14:00"; for a chart's foot "11/25", "25 Nov" or "14:00". A year that is past is
 *  named, if not plain. */
export function keyName(key: string, short = false, plain = false): string {
    const [day, hour] = key.split('T');
    const [year, month, date] = day.split('-').map(Number);
    const past = !plain && year < new Date().getFullYear();
    if (hour && short)
        return `${hour}:00`;
    if (language.value === 'zh')
        return short ? `${month}/${date}` : `${past ? `${year} 年 ` : ''}${month} 月 ${date} 日${hour ? ` ${hour}:00` : ''}`;
    return `${date} ${months[month - 1]}${past && !short ? ` ${year}` : ''}${hour ? `, ${hour}:00` : ''}`;
}

const known = (key: string): string => (['wechat', 'wecom', 'qq', 'alipay', 'douyin', 'weibo', 'browser'].includes(key) ? t(`app.${key}` as Key)
    : ['ios', 'android', 'harmony', 'desktop'].includes(key) ? t(`os.${key}` as Key) : key);

export function rowName(by: 'channel' | 'device' | 'language', key: string): string {
    if (key === '~other')
        return t('stats.others');
    if (key === '')
        return t(by === 'channel' ? 'stats.no.channel' : 'stats.unknown');
    if (by === 'device')
        return key.split('/').map(known).join(' · ');
    if (by === 'language') {
        try {
            return new Intl.DisplayNames([language.value === 'zh' ? 'zh-CN' : 'en'], { type: 'language' }).of(key) || key;
        } catch {
            return key; // made up by a visitor
        }
    }
    return key;
}

export const valuesOf = (stats: Stats, kind: Kind): (number | null)[] => stats.rows.map((row) => row[kind]);

/** What has not begun is not nothing: of today, hours to come are left out of a line. */
export function untilNow(stats: Stats, kind: Kind): (number | null)[] {
    const hour = stats.now.slice(0, 13);
    return stats.rows.map((row) => (row.key > hour && row.key > stats.now.slice(0, 10) ? null : row[kind]));
}

/** Of today until now, and of the day so many days ago until the same time (`was`; null: not known) and in all. The hour that is not over
 *  counts of that day by its minutes. */
export function todayAndBefore(stats: Stats, kind: Kind, days: number): { now: number; was: number | null; all: number } {
    const today = stats.now.slice(0, 10);
    const hour = Number(stats.now.slice(11, 13)) + Number(stats.now.slice(14, 16)) / 60;
    const of = (day: string): Stats['rows'] => stats.rows.filter((row) => row.key.startsWith(day));
    const sum = (rows: Stats['rows'], share: (h: number) => number): number =>
        Math.round(rows.reduce((n, row) => n + (row[kind] || 0) * share(Number(row.key.slice(11, 13))), 0));
    const before = of(dayAfter(today, -days));
    return {
        now: sum(of(today), () => 1),
        was: before.every((row) => row[kind] === null) ? null : sum(before, (h) => Math.min(1, Math.max(0, hour - h))),
        all: sum(before, () => 1),
    };
}

/** Days that are drawn together: a week from Monday on, as far as it was asked for. */
export interface Week {
    from: string;
    to: string;
    rows: number[]; // which of the days
}

export function weeksOf(days: string[]): Week[] {
    const weeks: Week[] = [];
    days.forEach((day, i) => {
        const last = weeks.at(-1);
        if (!last || new Date(`${day}T12:00:00Z`).getUTCDay() === 1)
            weeks.push({ from: day, to: day, rows: [i] });
        else {
            last.to = day;
            last.rows.push(i);
        }
    });
    return weeks;
}

/** "2025 年 11 月 24 日 – 11 月 30 日", "24 Nov – 30 Nov 2025": a year that is that of both is named once. */
export function weekName({ from, to }: Week): string {
    if (from === to)
        return keyName(from);
    const once = from.slice(0, 4) === to.slice(0, 4);
    const zh = language.value === 'zh';
    return `${keyName(from, false, once && !zh)} – ${keyName(to, false, once && zh)}`;
}

/** What a line is by week: the sum of its days, or (of what adds up already) the last of them. */
export function byWeek(series: Series[], weeks: Week[], last = false): Series[] {
    const one = (values: (number | null)[], week: Week): number | null => {
        const known = week.rows.map((i) => values[i]).filter((v): v is number => v !== null && v !== undefined);
        return known.length === 0 ? null : last ? known[known.length - 1] : known.reduce((a, b) => a + b, 0);
    };
    return series.map((s) => ({ name: s.name, values: weeks.map((w) => one(s.values, w)) }));
}

/** Seats of each hour of a day, all days together. */
export function byHourOfDay(stats: Stats, kind: Kind): number[] {
    const sums = Array<number>(24).fill(0);
    for (const row of stats.rows)
        sums[Number(row.key.slice(11, 13))] += row[kind] || 0;
    return sums;
}

/** How full a group was after each row, reckoned back from what it has now. `rows` go on until now. */
export function fillOf(used: number, rows: Stats['rows']): number[] {
    let at = used;
    const fill = [...rows].reverse().map((row) => {
        const after = at;
        at -= (row.seats || 0) - (row.given_back || 0);
        return Math.max(0, after);
    });
    return fill.reverse();
}

/** "UTC+08:00" of a moment of the server. */
export const zoneOf = (now: string): string => `UTC${now.slice(19)}`;
