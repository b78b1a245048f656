package io.culvert.linux.nftables;

/** Numbers of the protocol (linux/netfilter/nf_tables.h, nfnetlink.h), by the message or expression they belong to. */
final class NfNumbers {
    static final int SUBSYSTEM = 10;
    static final int BATCH_BEGIN = 16;
    static final int BATCH_END = 17;

    static final int NEWTABLE = SUBSYSTEM << 8;
    static final int GETTABLE = NEWTABLE + 1;
    static final int DELTABLE = NEWTABLE + 2;
    static final int NEWCHAIN = NEWTABLE + 3;
    static final int GETCHAIN = NEWTABLE + 4;
    static final int NEWRULE = NEWTABLE + 6;
    static final int GETRULE = NEWTABLE + 7;
    static final int DELRULE = NEWTABLE + 8;
    static final int NEWSET = NEWTABLE + 9;
    static final int GETSET = NEWTABLE + 10;
    static final int NEWSETELEM = NEWTABLE + 12;
    static final int GETSETELEM = NEWTABLE + 13;
    static final int DELSETELEM = NEWTABLE + 14;
    static final int GETGEN = NEWTABLE + 16;

    static final int GENMSG_BYTES = 4;
    static final int GEN_ID = 1;
    static final int LIST_ELEM = 1;
    static final int TABLE_NAME = 1;
    static final int TABLE_FLAGS = 2;
    static final int TABLE_DORMANT = 1;

    static final int CHAIN_TABLE = 1;
    static final int CHAIN_NAME = 3;
    static final int CHAIN_HOOK = 4;
    static final int CHAIN_POLICY = 5;
    static final int CHAIN_TYPE = 7;
    static final int HOOK_NUMBER = 1;
    static final int HOOK_PRIORITY = 2;

    static final int RULE_TABLE = 1;
    static final int RULE_CHAIN = 2;
    static final int RULE_EXPRESSIONS = 4;
    static final int EXPRESSION_NAME = 1;
    static final int EXPRESSION_DATA = 2;

    static final int SET_TABLE = 1;
    static final int SET_NAME = 2;
    static final int SET_FLAGS = 3;
    static final int SET_KEY_TYPE = 4;
    static final int SET_KEY_LENGTH = 5;
    static final int SET_ID = 10;
    static final int SET_USERDATA = 13;
    static final int SET_FLAG_ANONYMOUS = 1;

    static final int ELEMENTS_TABLE = 1;
    static final int ELEMENTS_SET = 2;
    static final int ELEMENTS_LIST = 3;
    static final int ELEMENT_KEY = 1;
    static final int ELEMENT_FLAGS = 3;
    static final int ELEMENT_USERDATA = 6;

    static final int DATA_VALUE = 1;
    static final int DATA_VERDICT = 2;
    static final int VERDICT_CODE = 1;
    static final int VERDICT_CHAIN = 2;

    static final int VERDICT_DROP = 0;
    static final int VERDICT_ACCEPT = 1;
    static final int VERDICT_JUMP = -3;
    static final int VERDICT_GOTO = -4;
    static final int VERDICT_RETURN = -5;

    static final int REGISTER_VERDICT = 0;
    /** The one register that our rules use; 16 bytes wide. */
    static final int REGISTER = 1;

    private NfNumbers() {}
}
