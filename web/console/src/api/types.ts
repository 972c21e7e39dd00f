// What the API speaks (docs: GET /api/v1/openapi.json). Dates are RFC 3339 texts.
export type Role = 'owner' | 'admin' | 'editor' | 'viewer';
export type Strategy = 'fill' | 'even' | 'random';
export type GroupState = 'open' | 'full' | 'expired' | 'off' | 'suspect';
export type Platform = 'wechat' | 'wecom' | 'qq' | 'telegram' | 'whatsapp' | 'discord' | 'miniprogram' | 'web';

export interface When {
    app?: string[];
    os?: string[];
    language?: string[];
    channel?: string[];
    country?: string[] | null;
    hours?: string[];
}

export interface MiniProgram {
    appid: string | null;
    path: string | null;
    query: string | null;
    env_version: 'release' | 'trial' | 'develop';
    url_link: string | null;
    code: string | null;
    fallback_url: string | null;
}

export interface Group {
    id: string;
    name: string;
    url: string | null;
    platform: Platform;
    miniprogram: MiniProgram | null;
    when: When | null;
    show: 'page' | 'redirect';
    limit: number | null;
    weight: number;
    enabled: boolean;
    expires_at: string | null;
    used: number;
    confirmed: number;
    held: number;
    reports: number;
    /** The last head count of the group itself; drift: confirmed seats that nobody of them fills. */
    members: { count: number; at: string; drift: number } | null;
    state: GroupState;
}

export interface MembersHistory {
    members: number | null;
    at: string | null;
    source: string | null;
    history: { at: string; members: number; seats: number; drift: number }[];
}

export interface Seats {
    limit: number | null;
    used: number;
    held: number;
    free: number | null;
}

export type Severity = 'stopped' | 'warning' | 'well' | 'idle';

/** What is wrong with a campaign; n: visitors (suspect), groups (expired) or seats (low). */
export interface ApiTrouble {
    kind: 'closed' | 'full' | 'empty' | 'barred' | 'suspect' | 'expired' | 'soon' | 'low';
    stops: boolean;
    group: string | null;
    n: number | null;
}

export interface WaitingRule {
    ask: 'nickname' | 'number';
    promise_seconds: number | null;
    limit: number | null;
    privacy: string | null;
}

/** When all seats are taken; `full_at` null: `why` says why no moment is told. */
export interface ForecastMoment {
    full_at: string | null;
    earliest: string | null;
    latest: string | null;
    why: 'not_running' | 'closed' | 'full' | 'no_limit' | 'too_little_history' | 'nobody_comes' | 'expires_first' | 'ends_first' | 'too_far' | null;
}

export interface CampaignPage extends Page<Campaign> {
    forecasts: (ForecastMoment & { slug: string; at: string })[];
}

export interface Forecast extends ForecastMoment {
    slug: string;
    at: string;
    per_hour: number | null;
    groups: (ForecastMoment & { id: string })[];
}

export interface Campaign {
    slug: string;
    title: string | null;
    link: string;
    strategy: Strategy;
    enabled: boolean;
    starts_at: string | null;
    ends_at: string | null;
    confirm: 'scan' | 'tap';
    hold_seconds: number | null;
    spread?: number;
    per_address?: number | null;
    forward_query: boolean;
    follow_members: boolean;
    fallback: { url: string | null; text: string | null; contact: string | null; waiting?: WaitingRule | null };
    timezone?: string | null;
    aliases?: string[];
    groups: Group[];
    seats: Seats;
    severity: Severity;
    troubles: ApiTrouble[];
    version: number;
    created_at: string;
    updated_at: string;
}

export interface Page<T> {
    data: T[];
    next: string | null;
    total: number;
}

export interface Me {
    name: string;
    role: Role;
}

export interface User {
    name: string;
    role: Role;
    disabled?: boolean;
    created_at?: string | null;
    last_login?: string | null;
}

export interface Token {
    id: string;
    name: string;
    role: Role;
    created_at?: string | null;
    expires_at: string | null;
    last_used: string | null;
    token?: string;
}

export interface AuditEntry {
    id: string;
    at: string;
    who: string;
    action: string;
    target: string | null;
    before: unknown;
    after: unknown;
    from: string | null;
}

export type AlertKind = 'nearly_full' | 'runs_out' | 'expiring' | 'suspect' | 'burst' | 'given_back' | 'no_group' | 'barred' | 'store';

export interface Alert {
    id: string;
    kind: AlertKind;
    state: 'open' | 'over';
    campaign: string | null;
    title: string;
    group: string | null;
    level: number;
    text: { zh: string; en: string };
    raised_at: string;
    changed_at: string;
    over_at: string | null;
}

export interface AlertSettings {
    enabled: boolean;
    full_percent: number;
    seats_left: number;
    supply_hours: number;
    expiry_days: number[];
    suspect: boolean;
    burst_seats: number;
    no_group: boolean;
    barred: boolean;
    store_seconds?: number;
    /** Of a campaign: what it sets itself. */
    own?: string[];
}

export type DestinationKind = 'wecom' | 'dingtalk' | 'feishu' | 'slack' | 'discord' | 'telegram' | 'webhook' | 'mail';

/** URL and secret are never given. */
export interface Destination {
    id: string;
    kind: DestinationKind;
    name: string;
    language: 'zh' | 'en';
    enabled: boolean;
    quiet: { from: string; to: string } | null;
    timezone: string | null;
    has_secret: boolean;
    chat?: string | null;
    host?: string | null;
    port?: number;
    security?: 'starttls' | 'tls' | 'none';
    user?: string | null;
    from?: string | null;
    to?: string | null;
    last: { at: string; delivered: boolean; status: number; detail: string } | null;
}

export interface DestinationAnswer {
    delivered: boolean;
    permanent: boolean;
    status: number;
    detail: string;
}

export interface OwnerLink {
    id: string;
    url?: string;
    created_at?: string;
    expires_at: string;
    by?: string;
}

export interface OwnerView {
    campaign?: string | { slug: string; title: string | null };
    title?: string | null;
    group?: Group;
}

export interface Waiting {
    id: string;
    name: string;
    /** null: not in the line any more. */
    place: number | null;
    state: string;
    joined_at: string;
    promised_until?: string | null;
}

/** A link into a step: for groups that everybody is led to (from: null), or that are a channel's alone. */
export interface FunnelLink {
    from: string | null;
    channel: string | null;
    url: string;
}

export interface FunnelStep {
    campaign: string;
    /** Not in lists, and so is `missing`. */
    title?: string | null;
    missing?: boolean;
    links: FunnelLink[];
}

export interface Funnel {
    id: string;
    title: string;
    steps: FunnelStep[];
    channels: string[];
    version: number;
    created_at: string;
    updated_at: string;
}

/** null: not known. */
export interface FunnelCounts {
    views: number | null;
    people: number | null;
    seats: number | null;
    held: number | null;
    confirmed: number | null;
    conversion: number | null;
}

export interface FunnelStats {
    from: string;
    to: string;
    by: 'day' | 'channel';
    steps: (FunnelCounts & { campaign: string; title: string | null; missing: boolean })[];
    rows: { key: string; steps: FunnelCounts[] }[];
}
