// A mini program as a form has it: texts, "" for nothing.
import type { MiniProgram } from '../api/types';

export interface MiniForm {
    appid: string;
    path: string;
    query: string;
    env_version: MiniProgram['env_version'];
    url_link: string;
    code: string;
    fallback_url: string;
}

export function emptyMini(): MiniForm {
    return { appid: '', path: '', query: '', env_version: 'release', url_link: '', code: '', fallback_url: '' };
}

export function miniForm(m: MiniProgram | null): MiniForm {
    const form = emptyMini();
    return m ? { ...form, ...Object.fromEntries(Object.entries(m).map(([key, value]) => [key, value ?? ''])) } as MiniForm : form;
}

export function miniBody(m: MiniForm): MiniProgram {
    const text = (s: string) => s.trim() || null;
    return { appid: text(m.appid), path: text(m.path), query: text(m.query), env_version: m.env_version,
        url_link: text(m.url_link), code: text(m.code), fallback_url: text(m.fallback_url) };
}
