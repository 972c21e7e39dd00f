// The page with the code: its hold is confirmed once a person has had it before their eyes, or has touched it.
(function () {
    var d = document, w = window, on = huoma.on, now = huoma.now;
    var shown = 0, since = 0, tries = 0, watch, again;
    var done = false, sending = false, wanted = false, leaving = false;
    var next = d.getElementById('next'), save = d.getElementById('save');
    var canFetch = w.fetch && w.Promise;
    var outlives = canFetch && w.Request && 'keepalive' in w.Request.prototype;

    function later() {
        sending = false;
        clearTimeout(again);
        again = setTimeout(send, Math.min(1 << tries++, 8) * 1000);
    }

    function answered(status, text) {
        if (!status || status >= 500 || status === 429) {
            later();
            return;
        }
        sending = false;
        done = true;
        // Not kept: the server has another group. Reloading at most once a minute cannot become a loop.
        if (status === 409 && text.indexOf('"reload"') > 0 && now() - kept() > 60000 && keep())
            huoma.go();
    }

    function kept() {
        return +huoma.kept('hm-reload') || 0;
    }

    function keep() {
        return huoma.keep('hm-reload', String(now()));
    }

    function send() {
        if (done || sending)
            return;
        sending = true;
        clearTimeout(again);
        if (canFetch) {
            w.fetch('seat', { method: 'POST', credentials: 'same-origin', keepalive: true }).then(function (r) {
                return r.text().then(function (text) {
                    answered(r.status, text);
                });
            })['catch'](later);
            return;
        }
        var x = new XMLHttpRequest();
        x.onload = function () {
            answered(x.status, x.responseText);
        };
        x.onerror = x.onabort = later;
        x.open('POST', 'seat');
        x.send();
    }

    function want() {
        wanted = true;
        send();
    }

    // Adds up how long the page was visible, and waits for what is missing to one second.
    function look() {
        clearTimeout(watch);
        if (since)
            shown += Math.max(1, now() - since);
        since = !d.visibilityState || d.visibilityState === 'visible' ? now() : 0;
        if (!since || done)
            return;
        if (wanted)
            send();
        else
            watch = setTimeout(want, Math.max(0, 1000 - shown));
    }

    ['touchstart', 'mousedown', 'click', 'keydown'].forEach(function (name) {
        on(d, name, function (e) {
            // Who asks for another group does not want this seat confirmed.
            if (!next.contains(e.target))
                want();
        });
    });
    on(d, 'visibilitychange', look);
    on(w, 'online', function () {
        if (wanted)
            send();
    });
    on(w, 'pageshow', function (e) {
        leaving = false;
        if (e.persisted) {
            sending = false;
            look();
        }
    });
    on(w, 'pagehide', function () {
        if (!done && !leaving && (wanted || shown || since) && !(sending && outlives) && navigator.sendBeacon)
            navigator.sendBeacon('seat');
    });
    on(next, 'submit', function (e) {
        if (leaving) {
            e.preventDefault();
            return;
        }
        leaving = true;
        clearTimeout(watch);
        setTimeout(function () {
            leaving = false;
            look();
        }, 8000);
    });
    if (save && 'download' in save) {
        save.href = d.querySelector('.qr').src;
        save.hidden = false;
    }
    look();
})();
