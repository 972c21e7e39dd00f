import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

// While developing: HUOMA_ADMIN is the admin door of a running `huoma serve`. Its Origin rule wants its own address.
// @ts-expect-error: node's globals are not among the page's types
const admin = (process.env.HUOMA_ADMIN as string) || 'http://127.0.0.1:8081';

export default defineConfig({
    plugins: [vue()],
    base: '/',
    build: {
        target: ['es2020', 'chrome86', 'safari14'],
        // Inline data would need words in the CSP; there are none.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
    },
    server: {
        fs: { allow: ['../..'] },
        proxy: { '/api': { target: admin, changeOrigin: true, headers: { Origin: admin } } },
    },
});
