// What follows from a campaign's numbers: in which state it is, what is wrong with it, what happens next.
import type { Campaign, Group, GroupState } from '../api/types';

export type ShownState = GroupState | 'standby';
export type CampaignState = 'open' | 'full' | 'off' | 'waiting' | 'ended' | 'empty' | 'closed';
export type Tone = 'good' | 'amber' | 'red' | 'quiet';

export interface Trouble {
    kind: 'closed' | 'full' | 'empty' | 'suspect' | 'expired' | 'expired.many' | 'soon' | 'low';
    tone: 'red' | 'amber';
    group?: Group;
    at?: string;
    n?: number;
}

const SOON_MS = 36 * 3600 * 1000; // an expiry that wants doing today or tomorrow
const LOW_SHARE = 0.1;

export const admits = (g: Group): boolean => g.state === 'open' || g.state === 'suspect';

export function isFirstOpen(c: Campaign, g: Group): boolean {
    return c.groups.find((other) => other.state === 'open' && !other.when) === g;
}

/** Of a campaign that fills in order, an open group behind another open one waits for its turn. */
export function shownState(c: Campaign, g: Group): ShownState {
    if (c.strategy === 'fill' && g.state === 'open' && !g.when && g.used === 0 && !isFirstOpen(c, g))
        return 'standby';
    return g.state;
}

export function campaignState(c: Campaign, now: number): CampaignState {
    if (!c.enabled)
        return 'off';
    if (c.ends_at && Date.parse(c.ends_at) <= now)
        return 'ended';
    if (c.starts_at && Date.parse(c.starts_at) > now)
        return 'waiting';
    if (c.groups.length === 0)
        return 'empty';
    if (c.groups.some(admits))
        return 'open';
    return c.groups.some((g) => g.state === 'full') ? 'full' : 'closed';
}

export function stateTone(state: CampaignState | ShownState): Tone {
    switch (state) {
    case 'open': return 'good';
    case 'suspect': case 'waiting': case 'full': return 'amber';
    case 'expired': case 'empty': case 'closed': return 'red';
    default: return 'quiet';
    }
}

/** The earliest expiry of a group that people still get into. */
export function nextExpiry(c: Campaign): Group | null {
    const dated = c.groups.filter((g) => g.expires_at && admits(g));
    return dated.reduce<Group | null>((a, g) =>
        (a && Date.parse(a.expires_at as string) <= Date.parse(g.expires_at as string) ? a : g), null);
}

/** What wants doing, the worst first. Of what was stopped on purpose nothing is wrong. */
export function troubles(c: Campaign, now: number): Trouble[] {
    const state = campaignState(c, now);
    const list: Trouble[] = [];
    if (state === 'off' || state === 'ended')
        return list;
    if (state === 'empty' || state === 'full' || state === 'closed')
        list.push({ kind: state, tone: 'red' });
    for (const g of c.groups) {
        if (g.state === 'suspect')
            list.push({ kind: 'suspect', tone: 'amber', group: g, n: g.reports });
    }
    // When nobody gets in at all, that is said, and the groups themselves show why.
    const expired = state === 'closed' ? [] : c.groups.filter((g) => g.state === 'expired' && (g.limit === null || g.used < g.limit));
    if (expired.length > 0)
        list.push({ kind: expired.length > 1 ? 'expired.many' : 'expired', tone: 'amber', group: expired[0], n: expired.length });
    const next = nextExpiry(c);
    if (next && Date.parse(next.expires_at as string) - now < SOON_MS)
        list.push({ kind: 'soon', tone: 'amber', group: next, at: next.expires_at as string });
    const { free, limit } = c.seats;
    if (state === 'open' && free !== null && limit && free / limit < LOW_SHARE)
        list.push({ kind: 'low', tone: 'amber', n: free });
    return list;
}

export function rank(c: Campaign, now: number): number {
    const list = troubles(c, now);
    if (list.some((x) => x.tone === 'red'))
        return 0;
    if (list.length > 0)
        return 1;
    return campaignState(c, now) === 'open' ? 2 : 3;
}

export interface Next {
    from: Group;
    to: Group | null;
}

/** Of a campaign that fills in order: which group opens when which is full. */
export function whatIsNext(c: Campaign): Next | null {
    if (c.strategy !== 'fill')
        return null;
    const open = c.groups.filter((g) => g.state === 'open' && !g.when);
    return open.length > 0 && open[0].limit !== null ? { from: open[0], to: open[1] || null } : null;
}

/** Takes over what a live event says of the seats. The rest is read again when the version is a newer one. */
export function applySeats(c: Campaign, event: { groups?: Partial<Group>[]; seats?: Campaign['seats'] }): void {
    for (const news of event.groups || []) {
        const group = c.groups.find((g) => g.id === news.id);
        if (group)
            Object.assign(group, news);
    }
    if (event.seats)
        c.seats = event.seats;
}
