// Statistics as the server writes them (docs/storage.md), put into its store.
import { execFileSync } from 'node:child_process';

export const dayBefore = (day, days) => new Date(Date.parse(`${day}T12:00:00Z`) - days * 86400000).toISOString()
    .slice(0, 10);
// in Shanghai, as servers of tests are
export const today = () => new Date(Date.now() + 8 * 3600000).toISOString().slice(0, 10);

function redis(server, commands) {
    const quoted = (word) => `"${String(word).replace(/["\\]/g, '\\$&')}"`;
    execFileSync('redis-cli', ['-s', server.redis.replace('unix://', '')],
        { input: commands.map((c) => c.map(quoted).join(' ')).join('\n') });
}

// So many days until today, each with its mornings and evenings, a weekend that is livelier, and two groups that fill
// one after the other.
// Of today the first hour, or all that have begun.
export function fillStats(server, slug, days,
    { channels = ['shop-1', 'shop-2', 'wechat-article'], scale = 1, all = true, untilNow = false } = {}) {
    const begun = untilNow ? new Date(Date.now() + 8 * 3600000).getUTCHours() + 1 : 1;
    const commands = [];
    for (let ago = days - 1; ago >= 0; ago--) {
        const day = dayBefore(today(), ago);
        const seats = ['HSET', `hm:{${slug}}:stats:${day}`], visits = ['HSET', `hm:{${slug}}:visits:${day}`],
            sums = ['HSET', `hm:{~all}:visits:${day}`];
        const lively = [0, 6].includes(new Date(`${day}T12:00:00Z`).getUTCDay()) ? 2 : 1;
        let people = 0;
        for (let hour = 0; hour < (ago === 0 ? begun : 24); hour++) {
            const n = Math.max(1,
                Math.round(scale * lively * (hour < 7 ? 0.2
                    : 1 + 3 * Math.exp(-((hour - 20) ** 2) / 8)) * (1 + (ago * 7 % 5) / 5)));
            const two = String(hour).padStart(2, '0');
            people += n;
            seats.push(`d${two}:${ago > days / 2 ? 'g1' : 'g2'}`, n);
            const full = hour % 7 === 3 ? 1 : 0, reports = hour % 9 === 2 ? 1 : 0;
            const counts = [3 * n, n, 2 * n, full, Math.ceil(n / 2), reports, n, n].join(' ');
            visits.push(`h${two}`, counts);
            sums.push(`h${two}`, counts);
        }
        channels.forEach((name, i) => {
            seats.push(`seat:${name}`, people >> i);
            visits.push(`c${name}`, `${3 * people >> i} ${people >> i} 0 0 0 0 0 0`);
        });
        const share = (part) => [3, 1, 0, 0, 0, 0, 1, 0].map((k) => Math.ceil(k * people / part)).join(' ');
        [['wechat/ios', 1], ['wechat/android', 2], ['browser/desktop', 5]].forEach(([name, part]) =>
            visits.push(`d${name}`, share(part)));
        [['zh', 1], ['en', 8], ['', 20]].forEach(([name, part]) =>
            visits.push(`l${name}`, share(part)));
        commands.push(seats, visits, ...(all ? [sums] : []));
    }
    redis(server, commands);
}

// Seats of yesterday of which no worker told.
export const loseSeats = (server, slug, n) =>
    redis(server, [['HINCRBY', `hm:{${slug}}:stats:${dayBefore(today(), 1)}`, 'd12:g1', n]]);

// Visits of today that a worker had no room to count.
export const dropVisits = (server, n) => redis(server, [['HSET', `hm:{~all}:visits:${today()}`, '#dropped', n]]);
