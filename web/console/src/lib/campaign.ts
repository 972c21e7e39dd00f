// What follows from a campaign's numbers: in which state it is, what is wrong with it, what happens next.
import type { ApiTrouble, Campaign, CampaignPage, Group, GroupState, Severity } from '../api/types';

export type ShownState = GroupState | 'standby';
export type CampaignState = 'open' | 'full' | 'off' | 'waiting' | 'ended' | 'empty' | 'closed';
export type Tone = 'good' | 'amber' | 'red' | 'quiet';

export interface Trouble {
    kind: ApiTrouble['kind'] | 'expired.many' | 'barred.fallback';
    tone: 'red' | 'amber';
    group?: Group;
    at?: string;
    n?: number;
}

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

/** A code that expires; without a group a campaign that will be full. */
export interface End {
    campaign: Campaign;
    group?: Group;
    at: string;
}

/** What ends of running campaigns that people still get into, the next first. */
export function ends(page: CampaignPage, now: number): End[] {
    const running = page.data.filter((c) => c.severity !== 'idle');
    const codes: End[] = running.flatMap((c) => c.groups.filter((g) => g.expires_at && admits(g)).map((group) => ({ campaign: c, group, at: group.expires_at as string })));
    const full: End[] = page.forecasts.flatMap((f) => running.filter((c) => c.slug === f.slug && c.seats.free !== 0 && f.full_at && Date.parse(f.full_at) > now)
        .map((c) => ({ campaign: c, at: f.full_at as string })));
    return [...codes, ...full].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** What wants doing, the worst first, as the server tells it. */
export function troubles(c: Campaign): Trouble[] {
    return c.troubles.map((x) => {
        const group = c.groups.find((g) => g.id === x.group);
        return {
            kind: x.kind === 'expired' && (x.n || 0) > 1 ? 'expired.many' : x.kind === 'barred' && !x.group ? 'barred.fallback' : x.kind,
            tone: x.stops ? 'red' : 'amber',
            group,
            at: x.kind === 'soon' && group?.expires_at ? group.expires_at : undefined,
            n: x.n ?? undefined,
        };
    });
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

export interface SeatsEvent {
    groups?: Partial<Group>[];
    seats?: Campaign['seats'];
    severity?: Severity;
    troubles?: ApiTrouble[];
}

/** Takes over what a live event says of the seats. The rest is read again when the version is a newer one. */
export function applySeats(c: Campaign, event: SeatsEvent): void {
    for (const news of event.groups || []) {
        const group = c.groups.find((g) => g.id === news.id);
        if (group)
            Object.assign(group, news);
    }
    c.seats = event.seats || c.seats;
    c.severity = event.severity || c.severity;
    c.troubles = event.troubles || c.troubles;
}
