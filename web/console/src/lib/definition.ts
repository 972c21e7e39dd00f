// A campaign without what is counted: what POST /campaigns takes, and an export holds.
import type { Campaign } from '../api/types';

const counted = ['link', 'seats', 'severity', 'troubles', 'version', 'created_at', 'updated_at'];
const groupCounted = ['platform', 'used', 'confirmed', 'held', 'reports', 'members', 'state'];

function without(from: object, keys: string[]): Record<string, unknown> {
    return Object.fromEntries(Object.entries(from).filter(([key]) => !keys.includes(key)));
}

export function definition(c: Campaign): Record<string, unknown> {
    return {
        ...without(c, counted),
        groups: c.groups.map((g) => {
            const group = without(g, groupCounted);
            if (g.miniprogram?.appid)
                delete group.url; // it is built from the appid
            return group;
        }),
    };
}
