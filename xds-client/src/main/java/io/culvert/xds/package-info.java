/**
 * The conversation with the control plane: delta ADS into mesh state, a file in its place or beside it, and the wishes
 * for certificates that follow from what was said.
 *
 * <p>Everything here runs on the one control thread ({@link io.culvert.xds.channel.ControlLoop}); nothing runs on a
 * data loop. The protocol ({@code DeltaProtocol}) knows neither gRPC nor time; the client around it knows no resource.
 */
@NullMarked
package io.culvert.xds;

import org.jspecify.annotations.NullMarked;
