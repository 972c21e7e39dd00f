// Copying and saving, also where the browser's newer ways are closed (http on a local network).
export async function copyText(text: string): Promise<boolean> {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        const box = document.createElement('textarea');
        box.value = text;
        box.className = 'unseen';
        (document.querySelector('dialog[open]') || document.body).append(box);
        box.select();
        const copied = document.execCommand('copy');
        box.remove();
        return copied;
    }
}

export function saveFile(name: string, type: string, text: string): void {
    saveBlob(name, new Blob([text], { type }));
}

export function saveBlob(name: string, file: Blob): void {
    const url = URL.createObjectURL(file);
    const a = document.createElement('a');
    a.href = url;
    a.download = name;
    document.body.append(a);
    a.click();
    a.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
}
