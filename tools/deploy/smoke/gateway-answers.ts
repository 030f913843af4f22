// Explains an answer of the gateway that is not a signature: who gave it, in its own words, and what to do.
import type { SmokeRequest } from '../../kube/application/schema.ts'
import type { Answer } from '../../kube/gateway-request.ts'
import type { GatewayUrl } from '../../kube/gateway-url.ts'
import { deployment, namespace } from '../../kube/names.ts'
import { isTokenRefused, refusedTokenTodo } from '../token-keys/refused-token.ts'

export type Refusal = {
  /** What came back. */
  what: string
  todo: string
  /** True if waiting does not help. */
  isFinal: boolean
}

const longestBody = 300
const logs = `\`kubectl logs -n ${namespace} deployment/${deployment} --all-containers\``
const readLogs = `Read ${logs}, and the gateway's log.`
const readAnswer = `The gateway passes this answer on: your application, or what it calls, refuses. Read the answer, and ${logs}. If another application answers, check PUBLIC_HOST.`
const redirects = [301, 302, 303, 307, 308]

/** The first that fits counts. The last one fits always. */
const causes: readonly (readonly [
  fits: (answer: Answer) => boolean,
  todo: string,
  isFinal?: boolean,
])[] = [
  [
    ({ status, body }) => status === 403 && body.startsWith('RBAC: access denied'),
    "The policy signer-allow-gateway does not know the gateway's identity. Run `make deploy` again, with GATEWAY or GATEWAY_SELECTOR for the gateway that answered.",
  ],
  [
    ({ status, body }) => status === 401 && body.startsWith('Jwt '),
    'A RequestAuthentication for the gateway or the application requires a token. Find it by `kubectl get requestauthentications -A`.',
  ],
  [
    (answer) => answer.status === 404 && !isOfApplication(answer),
    'No route for this host and path is at the gateway that answered. Check GATEWAY_URL and PUBLIC_HOST, and that GATEWAY is the Gateway behind this address.',
  ],
  [
    ({ status }) => status === 426,
    'The gateway wants another version of HTTP or TLS. Check that GATEWAY_URL has the right scheme and port.',
    true,
  ],
  [
    ({ status, body }) => status === 400 && /HTTPS port|TLS/i.test(body),
    'The port speaks TLS. Set GATEWAY_URL to an https address.',
    true,
  ],
  [
    ({ status, body }) =>
      status === 503 && /upstream connect error|no healthy upstream|overflow/.test(body),
    "The gateway does not reach the application's Pod. Check that the Pod is ready, that no NetworkPolicy separates them, and that no DestinationRule of others turns mTLS off.",
  ],
  [
    (answer) => (answer.status === 502 || answer.status === 504) && !isOfApplication(answer),
    'Something before the application gave up. If it is a load balancer, check its health check and its target port.',
  ],
  [({ body }) => isTokenRefused(body), refusedTokenTodo],
  [isOfApplication, readAnswer],
  [() => true, readLogs],
]

export function explainAnswer(answer: Answer, { url }: GatewayUrl, request: SmokeRequest): Refusal {
  const { status, headers, body } = answer
  if (redirects.includes(status)) return explainRedirect(answer, url, request)
  const [, todo = readLogs, isFinal = false] = causes.find(([fits]) => fits(answer)) ?? []
  // A proxy names itself. It may be one that nobody thought of.
  const server = typeof headers.server === 'string' ? ` from "${headers.server}"` : ''
  const said = body.trim() === '' ? '(no content)' : body.trim().slice(0, longestBody)
  return { what: `${status}${server}: ${said}`, todo, isFinal }
}

/** `problem`: the message of the connection's error. */
export function explainConnection(problem: string, { url }: GatewayUrl): Refusal {
  const isCertificate =
    /certificate|altname|self-signed|unable to (get|verify)|CERT_|UNABLE_TO/i.test(problem)
  if (isCertificate) {
    return {
      what: `the gateway's certificate is not accepted: ${problem}`,
      todo: 'If a private CA signed it, set GATEWAY_CACERT to its PEM file. If it is for another name, set PUBLIC_HOST to that name.',
      isFinal: true,
    }
  }
  const isTls = url.startsWith('https:')
  if (/wrong version number|packet length too long|EPROTO/i.test(problem)) {
    return {
      what: problem,
      todo: 'The port does not speak TLS. Set GATEWAY_URL to an http address.',
      isFinal: true,
    }
  }
  if (
    isTls &&
    /alert certificate required|handshake failure|alert bad certificate/i.test(problem)
  ) {
    return {
      what: `the gateway requires a client certificate: ${problem}`,
      todo: 'Send a message with your own client, for example curl --cert.',
      isFinal: true,
    }
  }
  return {
    what: problem,
    todo: 'Check that the gateway runs, and that GATEWAY_URL, if it is set, is the address of the Gateway of the route.',
    isFinal: false,
  }
}

function explainRedirect(
  { status, headers }: Answer,
  url: string,
  { method, path }: SmokeRequest,
): Refusal {
  const location = headers.location ?? ''
  const target = URL.parse(location, url)
  const what = `${status}, a redirect to ${location || 'nowhere'}. A client that follows it may send a GET`
  if (target === null || target.pathname !== new URL(path, url).pathname) {
    return {
      what,
      todo: `Something before the application redirects, for example to a login page. Exempt ${method} ${path} from it.`,
      isFinal: true,
    }
  }
  const isSame = target.host === new URL(url).host && target.origin !== url
  const host = target.hostname === new URL(url).hostname ? '' : ` PUBLIC_HOST=${target.hostname}`
  return {
    what,
    todo: isSame
      ? `Set GATEWAY_URL=${target.origin}.`
      : `Set GATEWAY_URL=${target.origin}, and if that name is not in DNS yet, GATEWAY_URL to the address and${host || ' PUBLIC_HOST to the name'}.`,
    isFinal: true,
  }
}

/** Envoy's own answers are empty, or text without a charset. */
function isOfApplication({ headers, body }: Answer): boolean {
  const type = headers['content-type'] ?? ''
  if (body === '') return false
  if (type.startsWith('application/problem+json')) return true
  return /envoy/.test(String(headers.server)) && type !== 'text/plain'
}
