// The secrets that come behind the # of an address: of the first start, and of an owner link.
let setup = '';

/** Takes `#setup=TOKEN` out of the address, so that it is in no history. */
export function readAddress(): 'setup' | 'owner' | '' {
    const hash = location.hash;
    if (hash.startsWith('#setup=')) {
        setup = hash.slice('#setup='.length);
        history.replaceState(null, '', '#/setup');
        return 'setup';
    }
    return hash.startsWith('#owner=') ? 'owner' : '';
}

export function takeSetupToken(): string {
    return setup;
}

/** Stays in the address: the link is the key, and a phone keeps it as a bookmark. */
export function ownerToken(): string {
    return location.hash.slice('#owner='.length);
}
