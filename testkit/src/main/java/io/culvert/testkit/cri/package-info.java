/**
 * A real container runtime for tests: a private containerd with runc, told by CRI as a kubelet tells it, and images
 * that are put together here. Everything it makes is below one directory, and below one cgroup.
 *
 * <p>Runs on the thread of the test. Must not depend on {@code mesh}: it knows a network namespace and directories.
 */
@NullMarked
package io.culvert.testkit.cri;

import org.jspecify.annotations.NullMarked;
