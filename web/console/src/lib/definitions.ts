// Campaigns in files: all of them out, a file of them in. The batch of the API makes all of them or none.
import { ApiError, get, post } from '../api/client';
import type { Campaign, Page } from '../api/types';
import { t } from '../words';
import { reason } from '../words/reasons';
import { definition } from './definition';

export const BATCH_MAX = 1000;
const PAGE = 200;

export async function exportAll(progress: (n: number, total: number) => void): Promise<string> {
    const lines: string[] = [];
    let cursor: string | null = null;
    do {
        const page: Page<Campaign> = await get('/campaigns', { limit: PAGE, cursor });
        lines.push(...page.data.map((c) => JSON.stringify(definition(c))));
        progress(lines.length, page.total);
        cursor = page.next;
    } while (cursor);
    return `{"campaigns":[\n${lines.join(',\n')}\n]}\n`;
}

/** null: not a file of ours. */
export function readFile(text: string): object[] | null {
    try {
        const list = (JSON.parse(text) as { campaigns?: unknown }).campaigns;
        return Array.isArray(list) && list.length > 0 && list.every((x) => typeof x === 'object' && x !== null) ? list : null;
    } catch {
        return null;
    }
}

export async function sendBatch(campaigns: object[], dryRun: boolean): Promise<void> {
    await post('/campaigns:batch', { campaigns }, { dry_run: dryRun ? 1 : undefined });
}

/** One line for each error, with the campaign that it is about. */
export function batchErrors(e: ApiError, campaigns: object[]): string[] {
    return e.fields.map(({ field, reason: why }) => {
        const m = /^campaigns\[(\d+)\]\.?(.*)$/.exec(field);
        if (!m)
            return `${field}: ${reason(why)}`;
        const about = campaigns[Number(m[1])] as { title?: string; slug?: string };
        const name = about.title || about.slug || '';
        if (e.status === 409 && m[2] === 'slug')
            return t('move.exists', { slug: about.slug || name });
        return `${t('move.item', { n: Number(m[1]) + 1 })} ${name} ${m[2]}: ${reason(why)}`;
    });
}
