"""One forward pass, operation by operation: what depends on what, and what comes from where.

A dispatch mode (`LightMode`) sees each operation of a running model; what it sees is a
`Dispatched`. Each follower here takes these one by one and keeps one kind of fact about the
memory behind each tensor: `Taint` what it depends on, `Origins` where its elements come from,
`Padding` how far it is disturbed by borders, `Depth` how many layers lie before it.

**What an origin is.** Values are computed in one place and moved through many. Each element that
is computed gets an *address*, a number of its own; whatever moves data carries addresses along.
A tensor whose elements have new addresses is a *root*, and each address has coordinates in it: a
sample, a channel and a place. The *origin* of a tensor says which address each element has.

    y = conv(x)                      computed: a root, one new address for each element
        address    1   2   3   4
        place      0   1   2   3

    z = y.repeat_interleave(2, -1)   moved: the addresses of y, each of them twice
        address    1   1   2   2   3   3   4   4
        place      0   0   1   1   2   2   3   3     each place stays for two elements: z is y
                                                     repeated by 2
    w = pad(z, (1, 1))               moved: address 0 is what comes from no root
        address    0   1   1   2   2   3   3   4   4   0
        place      -   0   0   1   1   2   2   3   3   -

    v = w.relu()                     computed point by point: a root with the places of w
        address    5   6   7   8   9  10  11  12  13  14
        place      -   0   0   1   1   2   2   3   3   -

So whether a map was enlarged is read off its places, whatever operations did it. Addresses belong
to the storage, not to the tensor:

    tensor --shape, stride, offset--> storage --its origin--> address --its root--> coordinates
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
