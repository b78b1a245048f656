/**
 * Programs as children of the testkit: started inside a network namespace, with an environment of their own and a log
 * file, awaited until ready, and gone when the testkit is gone. Also the cgroups that make a pod look like the
 * kubelet's.
 *
 * <p>Threads: any platform thread may call; children are forked by one thread that lives as long as the JVM ({@link
 * io.culvert.testkit.process.Spawner}), because the kernel ties the parent-death signal to the forking thread.
 *
 * <p>Must not depend on the mesh, on the control plane, or on what the programs are.
 */
@NullMarked
package io.culvert.testkit.process;

import org.jspecify.annotations.NullMarked;
