// For whom a group is, in words, and as a form.
import type { When } from '../api/types';
import { t, type Key } from '../words';

export const apps = ['wechat', 'wecom', 'qq', 'alipay', 'douyin', 'weibo', 'browser'];
export const systems = ['ios', 'android', 'harmony', 'desktop'];
export const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

export interface HoursForm {
    first: string;
    last: string;
    from: string;
    to: string;
}

export interface WhenForm {
    app: string[];
    os: string[];
    language: string;
    channel: string;
    country: string;
    hours: HoursForm[];
}

const WINDOW = /^(\w{3})(?:-(\w{3}))?\s+(\d{2}:\d{2})-(\d{2}:\d{2})$/;

export function readWindow(text: string): HoursForm | null {
    const m = WINDOW.exec(text);
    return m ? { first: m[1], last: m[2] || m[1], from: m[3], to: m[4] } : null;
}

export function writeWindow(w: HoursForm): string {
    return `${w.first === w.last ? w.first : `${w.first}-${w.last}`} ${w.from}-${w.to}`;
}

export function whenForm(w: When | null): WhenForm {
    return {
        app: [...(w?.app || [])], os: [...(w?.os || [])],
        language: (w?.language || []).join(', '), channel: (w?.channel || []).join(', '), country: (w?.country || []).join(', '),
        hours: (w?.hours || []).map(readWindow).filter((x): x is HoursForm => x !== null),
    };
}

const list = (text: string): string[] => text.split(/[\s,，、;；]+/).filter(Boolean);

/** null: for everybody. Every key is said, so that a merge patch takes away what was there. */
export function whenBody(f: WhenForm): When | null {
    const countries = list(f.country).map((code) => code.toUpperCase());
    const body = { app: f.app, os: f.os, language: list(f.language), channel: list(f.channel), hours: f.hours.map(writeWindow) };
    if (countries.length === 0 && Object.values(body).every((words) => words.length === 0))
        return null;
    // A server without a country database refuses every list, even an empty one.
    return { ...body, country: countries.length > 0 ? countries : null };
}

const joined = (words: string[]): string => words.join(t('list.or'));

function windowWords(text: string): string {
    const w = readWindow(text);
    if (!w)
        return text;
    const first = t(`day.${w.first}` as Key);
    return `${w.first === w.last ? first : t('day.span', { first, last: t(`day.${w.last}` as Key) })} ${w.from}–${w.to}`;
}

/** "WeChat · iPhone · Mon to Fri 09:00–18:00" */
export function whenWords(w: When): string {
    const parts: string[] = [];
    if (w.app?.length)
        parts.push(joined(w.app.map((x) => t(`app.${x}` as Key))));
    if (w.os?.length)
        parts.push(joined(w.os.map((x) => t(`os.${x}` as Key))));
    if (w.language?.length)
        parts.push(t('when.language.words', { list: joined(w.language) }));
    if (w.channel?.length)
        parts.push(t('when.channel.words', { list: joined(w.channel) }));
    if (w.country?.length)
        parts.push(t('when.country.words', { list: joined(w.country) }));
    if (w.hours?.length)
        parts.push(joined(w.hours.map(windowWords)));
    return parts.join(' · ');
}
