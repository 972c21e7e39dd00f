// The list of a sheet: a channel a line, with a label behind a comma or a tab; or several channels in one line.
export interface Place {
    /** From 1. */
    line: number;
    channel: string;
    label: string;
}

export type PlaceFault = 'name' | 'twice' | 'label';

export interface Fault {
    line: number;
    text: string;
    why: PlaceFault;
    /** Of the first one, where the channel stands twice. */
    first: number;
}

export interface Places {
    list: Place[];
    faults: Fault[];
    /** How many are more than a sheet takes. */
    over: number;
}

// As the API has them.
export const CHANNELS_MAX = 1000;
export const LABEL_CHARS = 40;
const LABEL_BYTES = 96;
const RULE = /^[a-z0-9][a-z0-9-]{0,31}$/;
const RESERVED = ['seat', 'next'];
const HEADS = /^(channel|channels|渠道|渠道名)$/i;

export const isChannel = (text: string): boolean => RULE.test(text) && !RESERVED.includes(text);

const cellsOf = (line: string): string[] => line.split(line.includes('\t') ? '\t' : /[,，]/).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));

/** The channels of a line: one with its label; of three and more names each is a channel. */
function placesOf(line: number, cells: string[], withLabel: boolean): Place[] {
    const [channel, label = '', ...more] = cells;
    if (withLabel && more.length > 0 && cells.every((cell) => cell === '' || isChannel(cell.toLowerCase())))
        return cells.filter(Boolean).map((name) => ({ line, channel: name.toLowerCase(), label: '' }));
    return [{ line, channel: channel.toLowerCase(), label: withLabel ? [label, ...more].join(' ').trim() : '' }];
}

function faultOf(place: Place, seen: Map<string, number>): Fault | null {
    const bytes = new TextEncoder().encode(place.label).length;
    const first = seen.get(place.channel) || 0;
    const why: PlaceFault | '' = !isChannel(place.channel) ? 'name' : first ? 'twice'
        : [...place.label].length > LABEL_CHARS || bytes > LABEL_BYTES ? 'label' : '';
    return why ? { line: place.line, text: place.channel, why, first } : null;
}

export function readPlaces(text: string): Places {
    const list: Place[] = [];
    const faults: Fault[] = [];
    const seen = new Map<string, number>();
    const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);
    const head = cellsOf(lines[0]);
    const headed = head.length > 1 && HEADS.test(head[0]);
    const withLabel = !(headed && /^(link|链接)$/i.test(head[1])); // a CSV of ours has links there
    for (const [i, line] of lines.entries()) {
        if (line.trim() === '' || (headed && i === 0))
            continue;
        for (const place of placesOf(i + 1, cellsOf(line), withLabel)) {
            const fault = faultOf(place, seen);
            if (fault)
                faults.push(fault);
            else
                list.push(place);
            if (!seen.has(place.channel))
                seen.set(place.channel, place.line);
        }
    }
    return { list: list.slice(0, CHANNELS_MAX), faults, over: Math.max(0, list.length - CHANNELS_MAX) };
}

/** Lines that are names for people ("南门店") become labels of numbered channels. */
export function numberPlaces(text: string): string {
    const taken = new Set(readPlaces(text).list.map((place) => place.channel));
    let n = 0;
    return text.split(/\r\n|\n|\r/).map((line) => {
        const name = line.trim();
        const [channel] = cellsOf(name);
        if (name === '' || isChannel(channel.toLowerCase()))
            return line;
        do
            n++;
        while (taken.has(`p${n}`));
        return `p${n},${name}`;
    }).join('\n');
}
