// The preview is made for machines: when a browser had fetched it ahead and now shows it to a person, the real page is
// due.
(function () {
    var d = document,
        entry = window.performance && performance.getEntriesByType && performance.getEntriesByType('navigation')[0];
    if (d.prerendering)
        huoma.on(d, 'prerenderingchange', huoma.go);
    else if (entry && entry.deliveryType === 'navigational-prefetch')
        huoma.go();
})();
