// What to do about the text with which kubelet, the container runtime, the scheduler or the API server refuses a Pod. The first
// pattern that fits decides. A text that none fits gets no advice, because a wrong one costs more time than none.

import { policyPrefix } from '../../kube/names.ts'

const pull = 'docs/production.md#private-registries'
const pushImages =
  'Run `make images IMAGE_PREFIX=registry/prefix PUSH=yes` and then `make deploy IMAGE_PREFIX=registry/prefix`, with the same NODE_IMAGE and TARGET_PLATFORM. The tag depends on both'

type Advice = readonly (readonly [text: RegExp, todo: string])[]

const imageAdvice: Advice = [
  [
    /x509|certificate signed by unknown authority|failed to verify certificate|certificate is not trusted/i,
    'The container runtime of the node does not trust the registry. Add the CA of the registry on every node, for containerd in /etc/containerd/certs.d/HOST/hosts.toml, for CRI-O and Docker in their certs.d.',
  ],
  [
    /HTTP response to HTTPS client/i,
    'The registry has no TLS, and the container runtime expects it. Use a registry with TLS, or allow plain HTTP for it on every node.',
  ],
  [
    /no match for platform|no matching manifest|no image found in (manifest list|image index) for architecture|does not match the (specified|expected) platform|exec format error/i,
    'The image is for another platform than the node. Run `make images TARGET_PLATFORM=linux/arm64 …` or `linux/amd64`, with the platform of the nodes: kubectl get nodes -L kubernetes.io/arch.',
  ],
  [
    /toomanyrequests|too many requests|rate limit|\b429\b/i,
    'The registry limits how often this cluster may pull. Wait, pull with an account, or use a registry of your own.',
  ],
  [
    /pull access denied|unauthorized|authentication required|no basic auth credentials|authorization failed|insufficient_scope|access forbidden|\b40[13]\b|denied/i,
    `The registry refuses the node. It wants a pull secret, or the image does not exist there. See ${pull}. To push the images: make images IMAGE_PREFIX=registry/prefix PUSH=yes.`,
  ],
  [
    /manifest unknown|name unknown|not found|\b404\b|does not exist|repository .* unknown/i,
    `The registry does not have the image. ${pushImages}.`,
  ],
  [
    /no such host|i\/o timeout|connection refused|connection reset|no route to host|network is unreachable|TLS handshake timeout|context deadline exceeded|Temporary failure in name resolution|server misbehaving|proxyconnect/i,
    'The node cannot reach the registry. Check its name in IMAGE_PREFIX, and DNS, proxy and firewall of the node.',
  ],
  [
    /invalid reference format|InvalidImageName|couldn't parse image|repository name must be lowercase/i,
    'Correct IMAGE_PREFIX. It is a registry with a path in lower case, for example registry.example/team.',
  ],
  [
    /no space left on device/i,
    'The disk of the node is full. Free space on it, or use another node.',
  ],
  [
    /signature|policy requirement|not allowed by policy/i,
    'The node accepts only signed images. See docs/hardening.md.',
  ],
  [
    /ErrImageNeverPull|pull policy/i,
    `The node does not have the image, and may not pull it. Import it on every node. ${pushImages}.`,
  ],
]

const startAdvice: Advice = [
  [
    /exec format error|no match for platform/i,
    'The image is for another platform than the node. Run `make images TARGET_PLATFORM=linux/arm64 …` or `linux/amd64`, with the platform of the nodes: kubectl get nodes -L kubernetes.io/arch.',
  ],
  [
    /OOMKilled/,
    'The container needs more memory than its limit. See docs/production.md#requests-and-limits.',
  ],
  [
    /exceeded its local ephemeral storage limit|ephemeral local storage usage exceeds/i,
    'kubelet counts the log. Our Pods set no limit, so a LimitRange or a webhook adds one. Remove it: kubectl get limitrange -n signing. See docs/production.md#logs-on-the-node.',
  ],
  [
    /node was low on resource|NodeHas|Evicted/i,
    'The node is short of this resource. Free it, or use another node: kubectl describe node.',
  ],
  [
    /runtime handler|RuntimeHandler|no runtime for|RuntimeClass/i,
    'The node does not have the RuntimeClass of the Pod. Remove runtimeClassName, or install the runtime on the node.',
  ],
  [
    /istio-cni|istio-validation/i,
    "Istio's CNI plugin does not work on this node. Look at its Pod: kubectl get pods -A -l k8s-app=istio-cni-node -o wide.",
  ],
  [
    /failed to assign an IP|no (available|more) IP|IP address(es)? (available|allocat)|IPAM/i,
    'The network has no free address for the Pod. Enlarge the range of the Pods, or remove Pods of the node.',
  ],
  [
    /not found in the list of registered CSI drivers/i,
    'The node does not have the CSI driver of a volume. Install it, or remove the volume.',
  ],
  [
    /(secret|configmap) "[^"]*" not found|references non-existent|couldn't find key/i,
    'Create what is missing in the namespace signing. The Pod starts by itself afterwards.',
  ],
  [
    /runAsNonRoot|run as root|non-numeric user/i,
    'The image has another user than ours. Deploy the images that `make images` builds.',
  ],
  [
    /executable file not found|no such file or directory.*\/nodejs|exec: "/i,
    'The image does not contain our service. Deploy the images that `make images` builds.',
  ],
]

const admissionAdvice: Advice = [
  [
    /exceeded quota/i,
    'Raise the ResourceQuota: kubectl describe resourcequota -n signing. A rolling update needs one Pod more than the number of replicas.',
  ],
  [
    /failed quota: .*must specify/i,
    'The ResourceQuota wants a request or limit that the Pod does not set. Remove it from the quota, or set a default by a LimitRange. A default limit for ephemeral storage makes kubelet evict the Pod for its log: docs/production.md#logs-on-the-node.',
  ],
  [
    /(maximum|minimum) .* usage per (Pod|Container)|limit to request ratio/i,
    'A LimitRange does not allow the requests or limits of the Pod: kubectl describe limitrange -n signing. See docs/production.md#requests-and-limits.',
  ],
  [
    /violates PodSecurity/i,
    "A mutating webhook has added a field that Pod Security restricted refuses, or Istio runs without its CNI plugin. Exclude the namespace signing from that webhook, or install Istio's CNI plugin.",
  ],
  [
    new RegExp(`ValidatingAdmissionPolicy '${policyPrefix}`),
    'One of our admission policies refuses the Pod. If your manifests have the field, correct it there. If a mutating webhook has added it, exclude this namespace from the webhook. See docs/security-model.md#admission-policies.',
  ],
  [
    /ValidatingAdmissionPolicy '/,
    'An admission policy of your cluster refuses the Pod. Ask its owner for an exception.',
  ],
  [
    /failed calling webhook "[^"]*istio[^"]*"/i,
    'istiod does not answer, and without it no Pod gets its proxy. Look at its Pods: kubectl get pods -A -l app=istiod.',
  ],
  [
    /failed calling webhook/i,
    'The webhook does not answer. Look at its Pods, or ask its owner. Until then no Pod can be created here.',
  ],
  [
    /admission webhook "[^"]*" denied/i,
    'A webhook of your cluster refuses the Pod. Ask its owner for an exception for the namespace signing.',
  ],
  [
    /security context constraint/i,
    "OpenShift's security context constraints refuse the Pod. Grant nonroot-v2 to its ServiceAccount: oc adm policy add-scc-to-user nonroot-v2 -z secure-signing -n signing.",
  ],
  [
    /serviceaccount "?[^"]*"? not found|error looking up service account/i,
    'The ServiceAccount is gone. Run `make deploy` again.',
  ],
]

export const adviseOnImage = (text: string) => find(imageAdvice, text)
export const adviseOnStart = (text: string) => find(startAdvice, text)
export const adviseOnAdmission = (text: string) => find(admissionAdvice, text)

function find(table: Advice, text: string): string | undefined {
  return table.find(([pattern]) => pattern.test(text))?.[1]
}
