// A picture made small enough to be a logo, by the browser: what a phone's camera makes never is.
export const LOGO_BYTES = 512 * 1024; // of the API
const SIDE = 1024; // sharp at a fifth of a poster's width

export async function shrunk(file: Blob): Promise<Blob> {
    const url = URL.createObjectURL(file);
    try {
        const image = new Image();
        image.src = url;
        await image.decode();
        const scale = Math.min(1, SIDE / Math.max(image.naturalWidth, image.naturalHeight));
        const canvas = document.createElement('canvas');
        canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
        canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
        const pen = canvas.getContext('2d') as CanvasRenderingContext2D;
        const made = (type: string): Promise<Blob> => new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error(type))), type, 0.9));
        pen.drawImage(image, 0, 0, canvas.width, canvas.height);
        const png = await made('image/png');
        if (png.size <= LOGO_BYTES)
            return png;
        // A photograph: as JPEG, which knows no transparency.
        pen.globalCompositeOperation = 'destination-over';
        pen.fillStyle = '#fff';
        pen.fillRect(0, 0, canvas.width, canvas.height);
        return await made('image/jpeg');
    } finally {
        URL.revokeObjectURL(url);
    }
}
