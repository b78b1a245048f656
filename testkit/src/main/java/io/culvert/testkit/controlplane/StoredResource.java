package io.culvert.testkit.controlplane;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import io.culvert.proto.discovery.Resource;
import io.culvert.proto.workload.Address;
import io.culvert.proto.workload.NetworkAddress;
import io.culvert.proto.workload.Service;
import io.culvert.proto.workload.Workload;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/**
 * A resource as it is sent.
 *
 * @param version derived from the content: equal content has an equal version, also after a restart
 * @param aliases {@code network/address} of each address, by which it can be asked for
 * @param node of a workload; empty for all else
 * @param services {@code namespace/hostname} of each service that a workload serves
 */
record StoredResource(
        ResourceType type,
        String name,
        String version,
        Any payload,
        List<String> aliases,
        String node,
        Set<String> services) {
    private static final int VERSION_BYTES = 8;

    static StoredResource of(String name, Address address) {
        List<String> aliases = new ArrayList<>();
        Workload workload = address.getWorkload();
        workload.getAddressesList().forEach(bytes -> aliases.add(workload.getNetwork() + "/" + text(bytes)));
        Service service = address.getService();
        for (NetworkAddress vip : service.getAddressesList()) {
            aliases.add(vip.getNetwork() + "/" + text(vip.getAddress()));
        }
        ByteString bytes = deterministic(address);
        return of(
                ResourceType.ADDRESS,
                name,
                bytes,
                aliases,
                workload.getNode(),
                Set.copyOf(workload.getServicesMap().keySet()));
    }

    static StoredResource raw(ResourceType type, String name, ByteString bytes) {
        return of(type, name, bytes, List.of(), "", Set.of());
    }

    private static StoredResource of(
            ResourceType type, String name, ByteString bytes, List<String> aliases, String node, Set<String> services) {
        Any payload = Any.newBuilder().setTypeUrl(type.url()).setValue(bytes).build();
        return new StoredResource(type, name, hash(bytes), payload, List.copyOf(aliases), node, services);
    }

    /** As a response carries it. Policies without a version; aliases only for those who ask by name. */
    Resource wire(boolean withAliases) {
        Resource.Builder resource = Resource.newBuilder().setName(name).setResource(payload);
        if (type == ResourceType.ADDRESS) {
            resource.setVersion(version);
        }
        return withAliases ? resource.addAllAliases(aliases).build() : resource.build();
    }

    /** Maps are in order of their keys, so that one content has one encoding. */
    static ByteString deterministic(Message message) {
        byte[] bytes = new byte[message.getSerializedSize()];
        CodedOutputStream output = CodedOutputStream.newInstance(bytes);
        output.useDeterministicSerialization();
        try {
            message.writeTo(output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return ByteString.copyFrom(bytes);
    }

    private static String hash(ByteString bytes) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes.toByteArray());
            return HexFormat.of().formatHex(Arrays.copyOf(digest, VERSION_BYTES));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** RFC 5952, as proxies write them. */
    private static String text(ByteString address) {
        try {
            return NetUtil.toAddressString(InetAddress.getByAddress(address.toByteArray()));
        } catch (UnknownHostException e) {
            return "invalid";
        }
    }
}
