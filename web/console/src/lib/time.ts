// Times in words: relative and exact. The browser's time zone.
import { ref } from 'vue';
import { language, t } from '../words';

const TICK_MS = 15000;
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

/** Milliseconds; moves by itself, so that what is said of time stays true. */
export const now = ref(Date.now());
setInterval(() => { now.value = Date.now(); }, TICK_MS);
document.addEventListener('visibilitychange', () => { now.value = Date.now(); });

const two = (n: number): string => String(n).padStart(2, '0');
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export function day(at: Date): string {
    const year = at.getFullYear() === new Date(now.value).getFullYear() ? 0 : at.getFullYear();
    if (language.value === 'zh')
        return `${year ? `${year} 年 ` : ''}${at.getMonth() + 1} 月 ${at.getDate()} 日`;
    return `${at.getDate()} ${months[at.getMonth()]}${year ? ` ${year}` : ''}`;
}

export function clock(at: Date): string {
    return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** "11 月 29 日 14:20"; of today only the clock. */
export function exact(text: string): string {
    const at = new Date(text);
    if (at.toDateString() === new Date(now.value).toDateString())
        return clock(at);
    return language.value === 'zh' ? `${day(at)} ${clock(at)}` : `${day(at)}, ${clock(at)}`;
}

/** "3 hours" */
export function span(seconds: number): string {
    if (seconds < MINUTE)
        return t('time.minutes', { n: 1 });
    if (seconds < HOUR)
        return t('time.minutes', { n: Math.floor(seconds / MINUTE) });
    if (seconds < 2 * DAY)
        return t('time.hours', { n: Math.round(seconds / HOUR) });
    return t('time.days', { n: Math.round(seconds / DAY) });
}

/** "in 3 days", "3 days ago". */
export function relative(text: string): string {
    const seconds = (Date.parse(text) - now.value) / 1000;
    if (Math.abs(seconds) < MINUTE)
        return t('time.now');
    return t(seconds > 0 ? 'time.in' : 'time.ago', { span: span(Math.abs(seconds)) });
}

/** For <input type="datetime-local">, which has no zone. */
export function toInput(text: string | null): string {
    if (!text)
        return '';
    const at = new Date(text);
    return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${clock(at)}`;
}

/** Back, with the browser's offset; "" is null. */
export function fromInput(text: string): string | null {
    if (!text)
        return null;
    const at = new Date(text);
    return Number.isNaN(at.getTime()) ? null : rfc3339(at);
}

export function rfc3339(at: Date): string {
    const minutes = -at.getTimezoneOffset();
    const offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
    return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${clock(at)}:${two(at.getSeconds())}${offset}`;
}

export function daysFrom(at: number, days: number): string {
    return rfc3339(new Date(at + days * DAY * 1000));
}

/** Two texts of the same moment, or both none. */
export function sameMoment(a: string | null, b: string | null): boolean {
    return a === b || (a !== null && b !== null && Date.parse(a) === Date.parse(b));
}
