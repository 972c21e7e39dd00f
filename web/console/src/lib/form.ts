// What a form is doing: whether it is sending, and what was wrong, by field.
import { reactive } from 'vue';
import { ApiError } from '../api/client';
import { problem, reason } from '../words/reasons';

export interface Form {
    busy: boolean;
    /** What is wrong with the request as a whole. */
    wrong: string;
    fields: Record<string, string>;
    /** The fields that have a place of their own; the others' errors are told as a whole. */
    shown: string[];
    send: (act: () => Promise<void>) => Promise<boolean>;
    clear: () => void;
}

/** `on`: sees an error first; true: it needs no more telling. */
export function useForm(shown: string[] = [], on: (e: ApiError) => boolean = () => false): Form {
    const form: Form = reactive({
        busy: false,
        wrong: '',
        fields: {},
        shown,
        clear() {
            form.wrong = '';
            form.fields = {};
        },
        async send(act: () => Promise<void>) {
            if (form.busy)
                return false;
            form.busy = true;
            form.clear();
            try {
                await act();
                return true;
            } catch (e) {
                if (!(e instanceof ApiError))
                    throw e;
                if (!on(e))
                    tell(form, e);
                return false;
            } finally {
                form.busy = false;
            }
        },
    });
    return form;
}

function tell(form: Form, e: ApiError): void {
    const rest: string[] = [];
    for (const { field, reason: why } of e.fields) {
        const place = form.shown.find((name) => name === field) ||
            form.shown.find((name) => field.startsWith(`${name}[`) || field.startsWith(`${name}.`));
        if (place)
            form.fields[place] = reason(why);
        else
            rest.push(`${field}: ${reason(why)}`);
    }
    form.wrong = rest.length > 0 ? rest.join('\n') : e.fields.length > 0 ? '' : problem(e);
}
