// The busy page: asks whether seats can be taken again, at moments that differ from visitor to visitor. It asks without
// leaving, for a phone that has lost its network would end on the browser's own error page.
(function () {
    var line = document.getElementById('wait'), number = line.querySelector('b');
    var past = huoma.kept('hm-busy').split('.'), tries = 0, left;

    // Coming back here soon after having left goes on with the longer waits.
    if (huoma.now() - past[1] < 60000)
        tries = +past[0] || 0;

    function ask() {
        var x = new XMLHttpRequest();
        x.onload = function () {
            if (x.status === 503) {
                start();
                return;
            }
            huoma.keep('hm-busy', tries + '.' + huoma.now());
            huoma.go();
        };
        x.onerror = x.onabort = x.ontimeout = start;
        x.open('GET', '/healthz');
        x.timeout = 5000;
        x.send();
    }

    function step() {
        var part = left % 1 || 1;
        number.textContent = Math.ceil(left);
        if (left <= 0) {
            ask();
            return;
        }
        left -= part;
        setTimeout(step, part * 1000);
    }

    // Within 3 s at first, then after 2 to 6 s, growing up to four times that.
    function start() {
        left = tries ? (2 + 4 * Math.random()) * Math.min(1 + (tries - 1) / 4, 4) : 2 + Math.random();
        tries++;
        step();
    }

    line.hidden = false;
    start();
})();
