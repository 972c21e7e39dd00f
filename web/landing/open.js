// The page that opens an app. iOS asks the person before it leaves the browser, so there the button may press itself,
// once the page has been seen; other systems take nothing but a real tap.
(function () {
    var d = document, open = d.getElementById('open'), timer, done = false;

    function press() {
        done = true;
        open.click();
    }

    function look() {
        clearTimeout(timer);
        if (!done && d.visibilityState !== 'hidden')
            timer = setTimeout(press, 1000);
    }

    if (!open || !/iPhone|iPad|iPod/.test(navigator.userAgent))
        return;
    huoma.on(open, 'click', function () {
        done = true;
        clearTimeout(timer);
    });
    huoma.on(d, 'visibilitychange', look);
    look();
})();
