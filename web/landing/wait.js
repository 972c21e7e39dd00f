// The place in the line: asks how many wait before, less often from far behind, and goes on when a seat is promised.
(function () {
    var d = document, place = d.getElementById('place'), before = d.getElementById('before'),
        lost = d.getElementById('lost');
    var seconds = 5, timer, asking = false, asked = huoma.now(), failed = 0;

    function hidden() {
        return d.visibilityState === 'hidden';
    }

    function number(line, n) {
        return line.replace('#', n);
    }

    function show(n) {
        place.textContent = number(place.getAttribute('data-of'), n + 1);
        before.textContent = number(before.getAttribute(n ? 'data-some' : 'data-none'), n);
    }

    // Moments differ from visitor to visitor. A page that nobody looks at asks seldom: it may still be told in time.
    function later() {
        clearTimeout(timer);
        timer = setTimeout(ask, seconds * (hidden() ? 4 : 1) * (800 + 400 * Math.random()));
    }

    function answered(x) {
        var a = x.status === 200 ? JSON.parse(x.responseText) : null;
        asking = false;
        if (x.status && x.status < 500 && x.status !== 429 && !(a && a.state === 'waits')) {
            huoma.go();
            return;
        }
        failed = a ? 0 : failed + 1;
        lost.hidden = failed < 2;
        seconds = a ? a.poll : Math.min(5 * failed, 30);
        if (a)
            show(a.before);
        later();
    }

    function ask() {
        if (asking)
            return;
        asking = true;
        asked = huoma.now();
        var x = new XMLHttpRequest();
        x.onload = x.onerror = x.onabort = x.ontimeout = function () {
            answered(x);
        };
        x.open('POST', location.href);
        x.timeout = 8000;
        x.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded');
        x.send('wait=look');
    }

    huoma.on(d, 'visibilitychange', function () {
        if (!hidden() && huoma.now() - asked > 3000)
            ask();
    });
    huoma.on(window, 'online', ask);
    huoma.on(window, 'pageshow', function (e) {
        if (e.persisted)
            ask();
    });
    later();
})();
