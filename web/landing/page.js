// What the scripts of the visitor pages share. ES5 and feature tests throughout: old WebViews are common.
var huoma = {
    on: function (target, name, run) {
        target.addEventListener(name, run, true);
    },
    now: function () {
        return new Date().getTime();
    },
    // The page itself, once more by GET, also where this one is the answer to a form.
    go: function () {
        location.replace(location.pathname.replace(/\/(seat|next)$/i, '') + location.search);
    },
    // False where storage is refused: callers then choose what cannot loop.
    keep: function (key, value) {
        try {
            sessionStorage.setItem(key, value);
            return true;
        } catch (e) {
            return false;
        }
    },
    kept: function (key) {
        try {
            return sessionStorage.getItem(key) || '';
        } catch (e) {
            return '';
        }
    }
};
