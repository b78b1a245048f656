package io.culvert.proxy;

import io.culvert.proxy.config.OwnSettings;
import io.culvert.proxy.config.ProxyConfig;
import io.culvert.xds.channel.ControlLoop;
import io.culvert.xds.channel.ControlPlaneEndpoint;
import io.culvert.xds.channel.GrpcTransport;
import io.culvert.xds.identity.CaClient;
import io.culvert.xds.identity.CaConfig;
import io.culvert.xds.identity.CertificateSource;
import io.culvert.xds.identity.FileSource;
import io.culvert.xds.identity.IdentityDirectory;
import io.culvert.xds.identity.KeepingSource;
import io.culvert.xds.identity.WorkloadApiSource;
import java.io.IOException;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** Makes the source of certificates that the settings name. */
record CertificateSources(ProxyConfig config, GrpcTransport grpc, ControlLoop control, Executor keyMaker) {

    /** A source, and how it ends. */
    record Made(CertificateSource certificates, Runnable end) {
        void close() {
            end.run();
        }
    }

    /**
     * Asks for nothing yet.
     *
     * @param authority where the authority is, if it is the source
     * @throws IllegalArgumentException if a setting is of no use, naming it
     */
    Made make(Supplier<ControlPlaneEndpoint> authority) {
        Made made = switch (config.own().certificates()) {
            case OwnSettings.CertificateSource.Authority ignored -> {
                CaClient ca = new CaClient(
                        new CaConfig(authority.get(), config.credentials().certificateTtl(), true),
                        grpc,
                        control,
                        keyMaker);
                yield new Made(ca, ca::close);
            }
            case OwnSettings.CertificateSource.WorkloadApi api -> {
                WorkloadApiSource agent =
                        new WorkloadApiSource(api.socket(), grpc, control, keyMaker, new SplittableRandom());
                yield new Made(agent, agent::close);
            }
            case OwnSettings.CertificateSource.Files files ->
                new Made(new FileSource(files.directory(), control, keyMaker), () -> {});
        };
        return switch (config.own().keptIdentities()) {
            case OwnSettings.KeptIdentities.Off ignored -> made;
            case OwnSettings.KeptIdentities.Kept kept -> {
                try {
                    IdentityDirectory directory = IdentityDirectory.open(kept.directory());
                    yield new Made(new KeepingSource(made.certificates(), directory, control, keyMaker), made.end());
                } catch (IOException e) {
                    throw new IllegalArgumentException(
                            "invalid env var CULVERT_IDENTITY_DIR=" + kept.directory() + " (" + e.getMessage() + ")",
                            e);
                }
            }
        };
    }
}
