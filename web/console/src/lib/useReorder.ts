// Reordering a list by a handle: dragged with a finger or a mouse, or moved with the arrow keys.
import { nextTick, onScopeDispose, ref, type Ref } from 'vue';

export interface Reorder {
    /** Key of what is being dragged. */
    dragged: Ref<string | null>;
    grab: (e: PointerEvent, key: string) => void;
    press: (e: KeyboardEvent, key: string) => void;
}

const EDGE = 72; // pixels from the screen's edge at which the page scrolls along

/**
 * `list`: the box whose children, with data-key, are the items. `keys`: their order. `move` changes the order as it is
 * shown; `settle` is called when the person has let go of it somewhere else.
 */
export function useReorder(list: Ref<HTMLElement | null>, keys: () => string[], move: (from: number, to: number) => void,
    settle: () => void): Reorder {
    const dragged = ref<string | null>(null);
    let began = '';
    let letGo = () => {};

    const boxes = (): HTMLElement[] => [...(list.value?.querySelectorAll<HTMLElement>(':scope > [data-key]') || [])];

    function over(y: number): void {
        const from = keys().indexOf(dragged.value as string);
        const middles = boxes().map((box) => box.getBoundingClientRect()).map((r) => r.top + r.height / 2);
        let to = from;
        while (to > 0 && y < middles[to - 1])
            to--;
        while (to < middles.length - 1 && y > middles[to + 1])
            to++;
        if (to !== from)
            move(from, to);
        if (y < EDGE)
            window.scrollBy(0, -12);
        else if (y > window.innerHeight - EDGE)
            window.scrollBy(0, 12);
    }

    function grab(e: PointerEvent, key: string): void {
        if (e.button !== 0)
            return;
        e.preventDefault();
        dragged.value = key;
        began = keys().join();
        const moved = (m: PointerEvent) => over(m.clientY);
        letGo = () => {
            window.removeEventListener('pointermove', moved);
            window.removeEventListener('pointerup', letGo);
            window.removeEventListener('pointercancel', letGo);
            dragged.value = null;
            if (keys().join() !== began)
                settle();
            letGo = () => {};
        };
        window.addEventListener('pointermove', moved);
        window.addEventListener('pointerup', letGo);
        window.addEventListener('pointercancel', letGo);
    }

    function press(e: KeyboardEvent, key: string): void {
        const from = keys().indexOf(key);
        const to = e.key === 'ArrowUp' ? from - 1 : e.key === 'ArrowDown' ? from + 1 : from;
        if (to === from)
            return;
        e.preventDefault();
        if (to < 0 || to >= keys().length)
            return;
        move(from, to);
        settle();
        // The handle moves with its item; the focus stays on it.
        void nextTick(() => boxes()[to]?.querySelector<HTMLElement>('[data-handle]')?.focus());
    }

    onScopeDispose(() => letGo());
    return { dragged, grab, press };
}

export function moved<T>(list: T[], from: number, to: number): T[] {
    const copy = [...list];
    copy.splice(to, 0, ...copy.splice(from, 1));
    return copy;
}
