// The pages. Each is loaded when it is first opened.
import { createRouter, createWebHashHistory, type Router } from 'vue-router';
import { whenSignedOut } from './api/client';
import { firstPage, me, whoAmI } from './session';
import { t, type Key } from './words';

export function makeRouter(): Router {
    let bare = location.hash === ''; // opened by the server's address alone
    const router = createRouter({
        history: createWebHashHistory(),
        // A page that keeps what was chosen in its address stays where it is.
        scrollBehavior: (to, from, saved) => saved || (to.path === from.path ? false : { top: 0 }),
        routes: [
            { path: '/', component: () => import('./pages/ListPage.vue'), meta: { title: 'nav.list' } },
            { path: '/overview', component: () => import('./pages/OverviewPage.vue'), meta: { title: 'nav.overview' } },
            { path: '/new', component: () => import('./pages/MakePage.vue'), meta: { title: 'make.title' } },
            { path: '/c/:slug', component: () => import('./pages/CampaignPage.vue'), props: true, meta: { title: 'campaign' } },
            { path: '/c/:slug/settings', component: () => import('./pages/CampaignSettingsPage.vue'), props: true, meta: { title: 'settings' } },
            { path: '/c/:slug/waiting', component: () => import('./pages/WaitingPage.vue'), props: true, meta: { title: 'waiting' } },
            { path: '/c/:slug/stats', component: () => import('./pages/StatsPage.vue'), props: true, meta: { title: 'stats' } },
            { path: '/c/:slug/preview', component: () => import('./pages/PreviewPage.vue'), props: true, meta: { title: 'preview' } },
            { path: '/c/:slug/print', component: () => import('./pages/PrintPage.vue'), props: true, meta: { title: 'print' } },
            { path: '/funnels', component: () => import('./pages/FunnelsPage.vue'), meta: { title: 'nav.funnels' } },
            { path: '/funnels/new', component: () => import('./pages/FunnelEditPage.vue'), meta: { title: 'funnel.new' } },
            { path: '/funnels/:id', component: () => import('./pages/FunnelPage.vue'), props: true, meta: { title: 'nav.funnels' } },
            { path: '/funnels/:id/edit', component: () => import('./pages/FunnelEditPage.vue'), props: true, meta: { title: 'funnel.edit' } },
            { path: '/users', component: () => import('./pages/UsersPage.vue'), meta: { title: 'nav.users' } },
            { path: '/tokens', component: () => import('./pages/TokensPage.vue'), meta: { title: 'nav.tokens' } },
            { path: '/alerts', component: () => import('./pages/AlertsPage.vue'), meta: { title: 'nav.alerts' } },
            { path: '/audit', component: () => import('./pages/AuditPage.vue'), meta: { title: 'nav.audit' } },
            { path: '/move', component: () => import('./pages/MovePage.vue'), meta: { title: 'nav.move' } },
            { path: '/settings', component: () => import('./pages/SettingsPage.vue'), meta: { title: 'nav.settings' } },
            { path: '/login', component: () => import('./pages/LoginPage.vue'), meta: { open: true, title: 'login.title' } },
            { path: '/setup', component: () => import('./pages/SetupPage.vue'), meta: { open: true, title: 'setup.title' } },
            { path: '/:rest(.*)*', redirect: '/' },
        ],
    });
    const toLogin = (to: string) => ({ path: '/login', query: to === '/' ? {} : { to } });

    router.beforeEach(async (to) => {
        if (to.meta.open || me.value)
            return true;
        // Without an answer the page itself says that there is none.
        const who = await whoAmI().catch(() => undefined);
        if (who === null)
            return toLogin(to.fullPath);
        const start = bare && to.path === '/' ? await firstPage() : '/';
        bare = false;
        return start === '/' ? true : { path: start, replace: true };
    });
    router.afterEach((to) => {
        document.title = `${t(to.meta.title as Key)} · Huoma`;
    });
    // A page that a new version of the server no longer has: start anew with what it has now.
    router.onError((e, to) => {
        if (/import|module|fetch/i.test(String(e)) && !sessionStorage.getItem('huoma.reloaded')) {
            sessionStorage.setItem('huoma.reloaded', '1');
            location.hash = to.fullPath;
            location.reload();
        }
    });
    whenSignedOut(() => {
        me.value = null;
        const to = router.currentRoute.value;
        if (!to.meta.open)
            void router.replace(toLogin(to.fullPath));
    });
    return router;
}
