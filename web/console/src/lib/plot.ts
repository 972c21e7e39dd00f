// Draws a chart with uPlot. Loaded when the first chart is; colours are the console's own.
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Series } from './stats';

/** How lines are told apart: by colour, by lightness and by their dashes. */
export const LINES: { color: string; dash: number[] }[] = [
    { color: '--chart-1', dash: [] }, { color: '--chart-2', dash: [7, 3] }, { color: '--chart-3', dash: [2, 3] },
    { color: '--chart-4', dash: [10, 3, 2, 3] }, { color: '--chart-5', dash: [5, 5] },
];
const HEIGHT = 220;
const TICK_PX = 64; // room for one word below
const DOTS_MAX = 40; // points beyond which a line needs no dots; one point alone is no line

export interface Plot {
    /** Shows the values of a point; null: none. */
    point: (index: number | null) => void;
    resize: (width: number) => void;
    destroy: () => void;
}

export interface Drawing {
    labels: string[];
    series: Series[];
    bars: boolean;
    number: (n: number) => string;
    onPoint: (index: number | null) => void;
}

const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function ticks(count: number, width: number): number[] {
    const step = Math.max(1, Math.ceil(count / Math.max(1, Math.floor(width / TICK_PX))));
    return Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);
}

function seriesOf(drawing: Drawing): UPlot.Series[] {
    return drawing.series.map((line, i) => {
        const dots = line.values.filter((v) => v !== null).length <= DOTS_MAX;
        const { color, dash } = LINES[i % LINES.length];
        const stroke = token(color);
        return drawing.bars ? { fill: stroke, width: 0, paths: UPlot.paths.bars?.({ size: [0.7, 40], radius: 0.15 }), points: { show: false } }
            : { stroke, width: 2, dash, spanGaps: true, points: { show: dots, size: 6, fill: stroke, stroke } };
    });
}

function axesOf(drawing: Drawing): UPlot.Axis[] {
    const look = { stroke: token('--grey'), font: `12px ${token('--font')}`, ticks: { show: false } };
    return [
        { ...look, grid: { show: false }, size: 28, splits: (u) => ticks(drawing.labels.length, u.bbox.width / devicePixelRatio),
            values: (_, at) => at.map((x) => drawing.labels[x]) },
        { ...look, grid: { stroke: token('--line'), width: 1 }, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7, 1e8],
            size: (_, values) => 16 + 7 * Math.max(2, ...(values || []).map((v) => v.length)), values: (_, at) => at.map(drawing.number) },
    ];
}

export function draw(box: HTMLElement, drawing: Drawing): Plot {
    const count = drawing.labels.length;
    const plot = new UPlot({
        width: box.clientWidth,
        height: HEIGHT,
        padding: [12, 8, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 9 } },
        scales: {
            x: { time: false, range: [-0.5, count - 0.5] },
            y: { range: (_, min, max) => [Math.min(0, (min ?? 0) * 1.1), Math.max((max ?? 0) * 1.1, 4)] },
        },
        axes: axesOf(drawing),
        series: [{}, ...seriesOf(drawing)],
        hooks: { setCursor: [(u) => drawing.onPoint(u.cursor.idx ?? null)] },
    }, [drawing.labels.map((_, i) => i), ...drawing.series.map((s) => s.values)] as UPlot.AlignedData, box);
    return {
        point: (index) => plot.setCursor(index === null ? { left: -10, top: -10 } : { left: plot.valToPos(index, 'x'), top: 10 }),
        resize: (width) => plot.setSize({ width, height: HEIGHT }),
        destroy: () => plot.destroy(),
    };
}
