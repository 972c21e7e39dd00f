// What the console says. All words stand in zh.ts and en.ts; a text with several forms is "one|many", chosen by {n}.
import { ref, watchEffect } from 'vue';
import { en } from './en';
import { zh } from './zh';

export type Key = keyof typeof zh;
export type Language = 'zh' | 'en';
export type Values = Record<string, string | number>;

const KEPT = 'huoma.language';
const words: Record<Language, Record<Key, string>> = { zh, en };

function first(): Language {
    const kept = localStorage.getItem(KEPT);
    if (kept === 'zh' || kept === 'en')
        return kept;
    const liked = navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag)) || 'en';
    return liked.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export const language = ref<Language>(first());

watchEffect(() => {
    document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
});

export function setLanguage(to: Language): void {
    language.value = to;
    localStorage.setItem(KEPT, to);
}

export function number(n: number): string {
    return n.toLocaleString('en-US'); // 1,234 in both languages
}

export function t(key: Key, values: Values = {}): string {
    const forms = words[language.value][key].split('|');
    const text = forms.length > 1 && values.n === 1 ? forms[0] : forms[forms.length - 1];
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
        const value = values[name];
        return value === undefined ? whole : typeof value === 'number' ? number(value) : value;
    });
}

export function isKey(key: string): key is Key {
    return key in zh;
}
