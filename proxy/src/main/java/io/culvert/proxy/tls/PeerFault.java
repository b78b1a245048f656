package io.culvert.proxy.tls;

/** Why a peer's certificate is not taken, and what an operator does about it. */
enum PeerFault {
    NOT_YET_VALID("is not valid yet", "compare the clocks of both nodes; if they agree, compare them with istiod's"),
    EXPIRED(
            "has expired",
            "compare the clocks of both nodes; if they agree, the log of the peer's proxy says why it gets no new one"),
    REVOKED(
            "has been revoked",
            "the list at CRL_PATH names it or an authority above it: check that it should; if so, its pod needs another"
                    + " certificate, which it gets when its proxy starts again"),
    FOREIGN(
            "leads to none of our roots",
            "has the CA's root been rotated? Check that istiod signs for both nodes with the same root; a peer of"
                    + " another mesh cannot come in by HBONE"),
    UNUSABLE(
            "cannot be read or is not meant for this use",
            "it is not what istiod issues: check what signs for the peer, or which program it is"),
    OTHER_TRUST_DOMAIN(
            "is of another trust domain",
            "check that istiod signs for this trust domain, the one that the access log's line expects (trustDomain of"
                    + " the mesh configuration); others are not taken, nor aliases"),
    OTHER_IDENTITY(
            "has another identity than the control plane promised",
            "while pods change this passes by itself; if it stays, compare the pod's service account with what istiod"
                    + " says of the workload at its address");

    private final String finding;
    private final String remedy;

    PeerFault(String finding, String remedy) {
        this.finding = finding;
        this.remedy = remedy;
    }

    /** Cause and remedy; no word of it is the peer's. */
    String inWords() {
        return "turned a peer away, as its certificate " + finding + " (which one: see the access log): " + remedy;
    }
}
