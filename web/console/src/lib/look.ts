// Light or dark: as the system, unless the person said otherwise.
import { ref, watchEffect } from 'vue';

export type Look = 'system' | 'light' | 'dark';

const KEPT = 'huoma.look';
const system = window.matchMedia('(prefers-color-scheme: dark)');
const kept = localStorage.getItem(KEPT);
const isDark = ref(system.matches);

export const look = ref<Look>(kept === 'light' || kept === 'dark' ? kept : 'system');

system.addEventListener?.('change', (e) => { isDark.value = e.matches; });

watchEffect(() => {
    document.documentElement.dataset.theme = look.value === 'system' ? (isDark.value ? 'dark' : 'light') : look.value;
});

export function setLook(to: Look): void {
    look.value = to;
    localStorage.setItem(KEPT, to);
}
