// Who is at the console.
import { ref } from 'vue';
import { ApiError, ask, get } from './api/client';
import type { Campaign, Me, Page, Role } from './api/types';

const order: Role[] = ['viewer', 'editor', 'admin', 'owner'];

export const me = ref<Me | null>(null);

export function may(role: Role): boolean {
    return me.value !== null && order.indexOf(me.value.role) >= order.indexOf(role);
}

/** Where one starts: with how things are, and as long as there is no campaign, where the first one is made. */
export async function firstPage(): Promise<string> {
    const campaigns = await get<Page<Campaign>>('/campaigns', { limit: 1 }).catch(() => null);
    return campaigns?.total === 0 ? '/' : '/overview';
}

/** Asks once; null: nobody is logged in. */
export async function whoAmI(): Promise<Me | null> {
    try {
        me.value = await get<Me>('/me');
    } catch (e) {
        if (!(e instanceof ApiError) || e.status !== 401)
            throw e;
        me.value = null;
    }
    return me.value;
}

export async function logIn(name: string, password: string): Promise<void> {
    await ask('POST', '/session', { body: { name, password } });
    await whoAmI();
}

export async function logOut(everywhere = false): Promise<void> {
    await ask('DELETE', '/session', { query: { everywhere: everywhere ? 1 : undefined } });
    me.value = null;
}

export async function setUp(token: string, name: string, password: string): Promise<void> {
    await ask('POST', '/setup', { body: { token, name, password } });
    await whoAmI();
}
