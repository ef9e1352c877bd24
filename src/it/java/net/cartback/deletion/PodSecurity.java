package net.cartback.deletion;

import com.fasterxml.jackson.databind.JsonNode;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.StreamSupport;

/**
 * Pod Security's level <i>restricted</i>, which includes <i>baseline</i> (kubernetes.io, Pod
 * Security Standards), rule by rule.
 */
final class PodSecurity {

    private static final Set<String> VOLUMES =
            Set.of(
                    "configMap",
                    "csi",
                    "downwardAPI",
                    "emptyDir",
                    "ephemeral",
                    "persistentVolumeClaim",
                    "projected",
                    "secret");
    private static final Set<String> PROFILES = Set.of("RuntimeDefault", "Localhost");
    private static final Set<String> SELINUX =
            Set.of("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t");
    private static final Set<String> SYSCTLS =
            Set.of(
                    "kernel.shm_rmid_forced",
                    "net.ipv4.ip_local_port_range",
                    "net.ipv4.ip_unprivileged_port_start",
                    "net.ipv4.tcp_syncookies",
                    "net.ipv4.ping_group_range",
                    "net.ipv4.ip_local_reserved_ports",
                    "net.ipv4.tcp_keepalive_time",
                    "net.ipv4.tcp_fin_timeout",
                    "net.ipv4.tcp_keepalive_intvl",
                    "net.ipv4.tcp_keepalive_probes");

    private final List<String> faults = new ArrayList<>();

    private PodSecurity() {}

    /** What in this pod's spec is not allowed, by its rule; empty: all is. */
    static List<String> faults(JsonNode pod) {
        var check = new PodSecurity();
        check.pod(pod);
        return check.faults;
    }

    private void pod(JsonNode pod) {
        for (var field : List.of("hostNetwork", "hostPID", "hostIPC")) {
            require(!pod.path(field).asBoolean(), field);
        }
        for (var volume : pod.path("volumes")) {
            volume.fieldNames()
                    .forEachRemaining(
                            name -> require(name.equals("name") || VOLUMES.contains(name), name));
        }
        var context = pod.path("securityContext");
        context(context);
        for (var sysctl : context.path("sysctls")) {
            require(SYSCTLS.contains(sysctl.path("name").asText()), "sysctl");
        }
        int containers = 0;
        for (var list : List.of("initContainers", "containers", "ephemeralContainers")) {
            for (var container : pod.path(list)) {
                container(container, context);
                containers++;
            }
        }
        require(containers > 0, "no container");
    }

    private void container(JsonNode container, JsonNode pod) {
        var context = container.path("securityContext");
        context(context);
        require(!context.path("privileged").asBoolean(), "privileged");
        var escalation = context.path("allowPrivilegeEscalation");
        require(escalation.isBoolean() && !escalation.booleanValue(), "allowPrivilegeEscalation");
        var nonRoot = context.has("runAsNonRoot") ? context : pod;
        require(nonRoot.path("runAsNonRoot").asBoolean(), "runAsNonRoot");
        var seccomp = context.has("seccompProfile") ? context : pod;
        require(PROFILES.contains(seccomp.at("/seccompProfile/type").asText()), "seccompProfile");
        require(texts(context.at("/capabilities/drop")).contains("ALL"), "capabilities.drop");
        require(
                Set.of("NET_BIND_SERVICE").containsAll(texts(context.at("/capabilities/add"))),
                "capabilities.add");
        var mount = context.path("procMount").asText("Default");
        require(mount.equals("Default"), "procMount");
        for (var port : container.path("ports")) {
            require(port.path("hostPort").asInt() == 0, "hostPort");
        }
        for (var handler :
                List.of(
                        "/livenessProbe",
                        "/readinessProbe",
                        "/startupProbe",
                        "/lifecycle/preStop",
                        "/lifecycle/postStart")) {
            for (var kind : List.of("httpGet", "tcpSocket")) {
                require(!container.at(handler).path(kind).has("host"), "host of a probe");
            }
        }
    }

    /** What a pod's context and a container's have in common. */
    private void context(JsonNode context) {
        require(!context.has("runAsUser") || context.get("runAsUser").asLong() != 0, "runAsUser");
        require(!context.at("/windowsOptions/hostProcess").asBoolean(), "hostProcess");
        require(SELINUX.contains(context.at("/seLinuxOptions/type").asText()), "seLinux type");
        require(context.at("/seLinuxOptions/user").asText().isEmpty(), "seLinux user");
        require(context.at("/seLinuxOptions/role").asText().isEmpty(), "seLinux role");
        require(
                !context.has("appArmorProfile")
                        || PROFILES.contains(context.at("/appArmorProfile/type").asText()),
                "appArmorProfile");
    }

    private void require(boolean holds, String rule) {
        if (!holds) {
            faults.add(rule);
        }
    }

    private static List<String> texts(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false).map(JsonNode::asText).toList();
    }
}
