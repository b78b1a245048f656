package io.culvert.linux.nftables;

import io.culvert.linux.Errno;
import io.culvert.linux.KernelException;
import io.culvert.linux.Netns;
import io.culvert.linux.netlink.Attributes;
import io.culvert.linux.netlink.Message;
import io.culvert.linux.netlink.MessageWriter;
import io.culvert.linux.netlink.NetlinkSocket;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The packet rules of one network namespace: the one in which this was opened. Needs CAP_NET_ADMIN. Threads may share
 * it.
 */
public final class NfTables implements AutoCloseable {
    /** Rules that change during every one of so many reads are reported, not chased for ever. */
    private static final int READ_ATTEMPTS_MAX = 10;

    private final NetlinkSocket socket;

    private NfTables(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** For the calling thread's namespace. */
    public static NfTables open() throws KernelException {
        return new NfTables(NetlinkSocket.open(NetlinkSocket.NETFILTER));
    }

    /** For another namespace. */
    public static NfTables open(Netns netns) throws KernelException {
        return netns.call(NfTables::open);
    }

    /**
     * Applies the batch as one transaction: all of it, or, if this throws, nothing.
     *
     * @throws KernelException naming the first change that the kernel refused: ENOENT for a table, chain, set or
     *     element that is not there, EEXIST for one in the way, EINVAL or EOPNOTSUPP for what this kernel or hook
     *     cannot do
     */
    public void commit(NfBatch batch) throws KernelException {
        List<NfBatch.Command> commands = List.copyOf(batch.commands());
        if (commands.isEmpty()) {
            return;
        }
        List<NetlinkSocket.Answer> answers;
        synchronized (socket) {
            byte[] bytes = bytes(commands, socket.nextSequence());
            answers = socket.exchange("commit " + commands.size() + " nf_tables changes", commands.size() + 2, bytes);
        }
        Optional<NetlinkSocket.Answer> refusal = answers.stream()
                .filter(answer -> answer.errno() != 0)
                .min(Comparator.comparingInt(NetlinkSocket.Answer::index));
        if (refusal.isPresent()) {
            NetlinkSocket.Answer first = refusal.get();
            boolean ofCommand = first.index() >= 1 && first.index() <= commands.size();
            throw new KernelException(
                    first.errno(),
                    ofCommand
                            ? commands.get(first.index() - 1).attempt().get()
                            : "commit " + commands.size() + " nf_tables changes",
                    first.explanation());
        }
        if (answers.stream().noneMatch(answer -> answer.index() == commands.size())) {
            throw new KernelException(
                    Errno.EPROTO, "commit " + commands.size() + " nf_tables changes", "the kernel did not confirm");
        }
    }

    /**
     * BATCH_BEGIN, the commands, BATCH_END. The kernel answers errors by itself; only the last command asks for an
     * acknowledgement, which comes when all is done (nfnetlink_rcv_batch). BATCH_END could carry the flag from Linux
     * 6.10 on.
     */
    private static byte[] bytes(List<NfBatch.Command> commands, int firstSequence) {
        MessageWriter out = new MessageWriter();
        batchMark(out, NfNumbers.BATCH_BEGIN, firstSequence);
        for (int i = 0; i < commands.size(); i++) {
            NfBatch.Command command = commands.get(i);
            int ack = i == commands.size() - 1 ? MessageWriter.ACK : 0;
            out.begin(command.type(), MessageWriter.REQUEST | command.flags() | ack, firstSequence + 1 + i);
            out.u8(command.family()).u8(0).u16(0);
            command.body().write(out);
            out.end();
        }
        batchMark(out, NfNumbers.BATCH_END, firstSequence + 1 + commands.size());
        return out.toBytes();
    }

    private static void batchMark(MessageWriter out, int type, int sequence) {
        out.begin(type, MessageWriter.REQUEST, sequence)
                .u8(0)
                .u8(0)
                .u16BigEndian(NfNumbers.SUBSYSTEM)
                .end();
    }

    /** What the table holds, read at one moment; empty if there is no such table. */
    public Optional<NfTableContent> dump(NfTable table) throws KernelException {
        for (int i = 0; i < READ_ATTEMPTS_MAX; i++) {
            int before = generation();
            Optional<NfTableContent> content;
            try {
                content = read(table);
            } catch (KernelException e) {
                if (e.errno() == Errno.ENOENT) {
                    continue; // deleted between two of the reads
                }
                throw e;
            }
            if (generation() == before) {
                return content;
            }
        }
        throw new KernelException(
                Errno.EBUSY, "read table " + table, "rules changed during each of " + READ_ATTEMPTS_MAX + " attempts");
    }

    /** The tables of a family, by name. */
    public List<NfTable> tables(NfFamily family) throws KernelException {
        List<NfTable> tables = new ArrayList<>();
        for (Message message : dumpTables(family)) {
            tables.add(new NfTable(
                    family, message.attributes(NfNumbers.GENMSG_BYTES).string(NfNumbers.TABLE_NAME)));
        }
        tables.sort(Comparator.comparing(NfTable::name));
        return tables;
    }

    private Optional<NfTableContent> read(NfTable table) throws KernelException {
        for (Message message : dumpTables(table.family())) {
            Attributes attributes = message.attributes(NfNumbers.GENMSG_BYTES);
            if (attributes.string(NfNumbers.TABLE_NAME).equals(table.name())) {
                int flags = attributes.u32BigEndian(NfNumbers.TABLE_FLAGS, 0);
                boolean dormant = (flags & NfNumbers.TABLE_DORMANT) != 0;
                return Optional.of(new TableReader(socket, table).read(!dormant));
            }
        }
        return Optional.empty();
    }

    private List<Message> dumpTables(NfFamily family) throws KernelException {
        int flags = MessageWriter.REQUEST | MessageWriter.DUMP;
        return socket.dump(
                "list tables",
                sequence -> begin(NfNumbers.GETTABLE, flags, sequence, family.number())
                        .end());
    }

    /** Counts the namespace's transactions. */
    private int generation() throws KernelException {
        String attempt = "read the nf_tables generation";
        List<Message> answers = socket.request(
                attempt,
                sequence -> begin(NfNumbers.GETGEN, MessageWriter.REQUEST | MessageWriter.ACK, sequence, 0)
                        .end());
        if (answers.isEmpty()) {
            throw new KernelException(Errno.EPROTO, attempt, "the kernel answered without one");
        }
        return answers.getFirst().attributes(NfNumbers.GENMSG_BYTES).u32BigEndian(NfNumbers.GEN_ID, 0);
    }

    /** Opens a message with its struct nfgenmsg. */
    static MessageWriter begin(int type, int flags, int sequence, int family) {
        return new MessageWriter().begin(type, flags, sequence).u8(family).u8(0).u16(0);
    }

    @Override
    public void close() {
        socket.close();
    }
}
