import { createApp } from 'vue';
import App from './App.vue';
import './style/tokens.css';
import './style/base.css';
import './style/page.css';
import './lib/look';
import { readAddress } from './lib/tokens';
import { makeRouter } from './router';

const special = readAddress();

// Such a link opened in a tab where the console is already: only a fresh start reads it.
window.addEventListener('hashchange', () => {
    if (/^#(setup|owner)=/.test(location.hash) || special === 'owner')
        location.reload();
});

if (special === 'owner')
    void import('./pages/OwnerPage.vue').then(({ default: page }) => createApp(page).mount('#app'));
else
    createApp(App).use(makeRouter()).mount('#app');
