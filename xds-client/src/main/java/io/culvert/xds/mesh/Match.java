package io.culvert.xds.mesh;

import io.culvert.xds.mesh.AuthorizationPolicy.ServiceAccountMatch;
import java.util.List;

/**
 * Conditions on a connection, all of which must hold: of each kind any of the positive list, if it is not empty, and
 * none of the negative. With every list empty it never matches.
 *
 * @param destinationPorts 16 bits each
 */
public record Match(
        List<StringMatch> namespaces,
        List<StringMatch> notNamespaces,
        List<StringMatch> principals,
        List<StringMatch> notPrincipals,
        List<ServiceAccountMatch> serviceAccounts,
        List<ServiceAccountMatch> notServiceAccounts,
        List<Cidr> sourceIps,
        List<Cidr> notSourceIps,
        List<Cidr> destinationIps,
        List<Cidr> notDestinationIps,
        List<Integer> destinationPorts,
        List<Integer> notDestinationPorts) {
    public Match {
        namespaces = List.copyOf(namespaces);
        notNamespaces = List.copyOf(notNamespaces);
        principals = List.copyOf(principals);
        notPrincipals = List.copyOf(notPrincipals);
        serviceAccounts = List.copyOf(serviceAccounts);
        notServiceAccounts = List.copyOf(notServiceAccounts);
        sourceIps = List.copyOf(sourceIps);
        notSourceIps = List.copyOf(notSourceIps);
        destinationIps = List.copyOf(destinationIps);
        notDestinationIps = List.copyOf(notDestinationIps);
        destinationPorts = List.copyOf(destinationPorts);
        notDestinationPorts = List.copyOf(notDestinationPorts);
    }

    public static Builder builder() {
        return new Builder();
    }

    /** No condition at all. */
    public boolean isEmpty() {
        return namespaces.isEmpty()
                && notNamespaces.isEmpty()
                && principals.isEmpty()
                && notPrincipals.isEmpty()
                && serviceAccounts.isEmpty()
                && notServiceAccounts.isEmpty()
                && sourceIps.isEmpty()
                && notSourceIps.isEmpty()
                && destinationIps.isEmpty()
                && notDestinationIps.isEmpty()
                && destinationPorts.isEmpty()
                && notDestinationPorts.isEmpty();
    }

    /** Collects the lists; those not given are empty. */
    public static final class Builder {
        private List<StringMatch> namespaces = List.of();
        private List<StringMatch> notNamespaces = List.of();
        private List<StringMatch> principals = List.of();
        private List<StringMatch> notPrincipals = List.of();
        private List<ServiceAccountMatch> serviceAccounts = List.of();
        private List<ServiceAccountMatch> notServiceAccounts = List.of();
        private List<Cidr> sourceIps = List.of();
        private List<Cidr> notSourceIps = List.of();
        private List<Cidr> destinationIps = List.of();
        private List<Cidr> notDestinationIps = List.of();
        private List<Integer> destinationPorts = List.of();
        private List<Integer> notDestinationPorts = List.of();

        private Builder() {}

        public Builder namespaces(List<StringMatch> value) {
            namespaces = value;
            return this;
        }

        public Builder notNamespaces(List<StringMatch> value) {
            notNamespaces = value;
            return this;
        }

        public Builder principals(List<StringMatch> value) {
            principals = value;
            return this;
        }

        public Builder notPrincipals(List<StringMatch> value) {
            notPrincipals = value;
            return this;
        }

        public Builder serviceAccounts(List<ServiceAccountMatch> value) {
            serviceAccounts = value;
            return this;
        }

        public Builder notServiceAccounts(List<ServiceAccountMatch> value) {
            notServiceAccounts = value;
            return this;
        }

        public Builder sourceIps(List<Cidr> value) {
            sourceIps = value;
            return this;
        }

        public Builder notSourceIps(List<Cidr> value) {
            notSourceIps = value;
            return this;
        }

        public Builder destinationIps(List<Cidr> value) {
            destinationIps = value;
            return this;
        }

        public Builder notDestinationIps(List<Cidr> value) {
            notDestinationIps = value;
            return this;
        }

        public Builder destinationPorts(List<Integer> value) {
            destinationPorts = value;
            return this;
        }

        public Builder notDestinationPorts(List<Integer> value) {
            notDestinationPorts = value;
            return this;
        }

        public Match build() {
            return new Match(
                    namespaces,
                    notNamespaces,
                    principals,
                    notPrincipals,
                    serviceAccounts,
                    notServiceAccounts,
                    sourceIps,
                    notSourceIps,
                    destinationIps,
                    notDestinationIps,
                    destinationPorts,
                    notDestinationPorts);
        }
    }
}
