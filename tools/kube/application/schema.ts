// The file that describes an application: signing.yaml. The JSON Schema for editors and docs/configuration.md come from here.
import { z } from 'zod'
import { componentNames } from './component-names.ts'
import { limitsSchema } from './limits-schema.ts'
import { coversPath } from './route-path.ts'

/** The layouts that `make deploy` knows. The first is the default. */
export const overlayNames = ['default', 'separate-pods', 'no-mesh'] as const

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const serviceName = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/
const subdomain = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const ownAccount = new RegExp(`^(?!default$)${subdomain.source.slice(1)}`)
const hostName =
  /^(?=.{1,253}$)(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const egressHost =
  /^(\*|\.|[a-z0-9]([-a-z0-9]*[a-z0-9])?)\/(\*|(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)$/
/** The names that the signer's own containers and the proxies have. */
export const reservedContainer = /^(?:signer|vault-agent|istio-.*|linkerd-.*)$/
const ownContainer = new RegExp(
  `^(?!${reservedContainer.source.slice(1)})${dnsLabel.source.slice(1)}`,
)
/** What both Istio and the Gateway API compare literally. */
const route =
  /^(?!.*(?:\/\/|\/\.{1,2}(?:\/|$)|%2[fF]))(?:\/(?:[-\w.~!$&'()+,;=:@]|%[0-9a-fA-F]{2})*)*(?:\/\*)?$/
const requestPath = /^\/[!-~]*$/
const pointer = /^(?:\/(?:[^/~]|~[01])*)+$/
const image = /^(?=.{1,255}$)[\w][\w.-]*(:\d+)?(\/[a-z0-9][\w.-]*)*$/
const tag = /^\w[\w.-]{0,127}$/
const digest = /^sha256:[0-9a-f]{64}$/
const headerName = /^[!#$%&'*+.^`|~\w-]+$/
const headerValue = /^[\t -~]*$/

const aLabel = 'must be a DNS label: at most 63 lower-case letters, digits and hyphens'
const aPort = 'must be a port from 1 to 65535'
const aSubdomain = 'must be a DNS name in lower case'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const
const method = z.enum(methods)

const routeSchema = z
  .strictObject({
    method,
    path: z
      .string()
      .min(1)
      .regex(route, 'must be a path like /orders, or a prefix like /orders/*')
      .meta({ description: 'An exact path, or a prefix that ends with /*.' }),
  })
  .meta({ description: 'A method and a path that the ingress gateway may call.' })

const imageSchema = z
  .strictObject({
    newName: z.string().regex(image, 'must be the name of an image without a tag').optional(),
    newTag: z.string().regex(tag, 'must be the tag of an image').optional(),
    digest: z.string().regex(digest, 'must be sha256: and 64 hexadecimal digits').optional(),
  })
  .refine((each) => Object.keys(each).length > 0, 'needs newName, newTag or digest')
  .refine((each) => !(each.newTag && each.digest), 'must have newTag or digest, not both')

const pointerTo = (description: string) =>
  z.string().regex(pointer, 'must be a JSON pointer like /signature').meta({ description })

const answerSchema = z
  .strictObject({
    signature: pointerTo('JSON pointer to the signature, in hexadecimal.'),
    keyId: pointerTo('JSON pointer to the key id.'),
    message: pointerTo('JSON pointer to the text that was signed.').optional(),
    signed: z
      .string()
      .meta({ description: 'The text that was signed, if the answer does not contain it.' })
      .optional(),
  })
  .refine(
    (each) => (each.message === undefined) !== (each.signed === undefined),
    'needs either message or signed: where the signed text is, or the text itself',
  )
  .meta({
    description: 'Where the answer in JSON has the signature. Without it, nothing is compared.',
  })

const webhookSchema = z
  .strictObject({
    headers: pointerTo('JSON pointer to an object with the three headers of the webhook.'),
    body: pointerTo("JSON pointer to the webhook's body, as text.").optional(),
    signed: z
      .string()
      .meta({ description: 'The body, if the answer does not contain it.' })
      .optional(),
    consumer: z.string().meta({ description: 'The consumer, if it has one.' }).optional(),
    consumerVersion: z
      .int()
      .positive()
      .meta({ description: "The version of the consumer's secret. Default: 1." })
      .optional(),
  })
  .refine(
    (each) => (each.body === undefined) !== (each.signed === undefined),
    'needs either body or signed: where the body is, or the text itself',
  )
  .meta({ description: 'Instead of answer: where the answer in JSON has a signed webhook.' })

const requestSchema = z
  .strictObject({
    method,
    path: z
      .string()
      .regex(requestPath, 'must begin with / and have no spaces')
      .meta({ description: 'The path of one of the routes, also with a query.' }),
    headers: z
      .record(
        z.string().regex(headerName, 'must be the name of a header'),
        z.string().regex(headerValue, 'must be printable ASCII'),
      )
      .meta({ description: 'Headers without secrets.' })
      .optional(),
    body: z
      .json()
      .meta({ description: 'Text is sent as it is, everything else as JSON.' })
      .optional(),
  })
  .refine((each) => each.body === undefined || !['GET', 'HEAD', 'TRACE'].includes(each.method), {
    message: 'must be left out with this method',
    path: ['body'],
  })

const smokeSchema = z
  .strictObject({
    request: requestSchema,
    answer: answerSchema.optional(),
    webhook: webhookSchema.optional(),
  })
  .refine(
    ({ answer, webhook }) => answer === undefined || webhook === undefined,
    'has answer and webhook: leave one of them out',
  )

export const signingSchema = z
  .strictObject({
    namespace: z
      .string()
      .regex(dnsLabel, aLabel)
      .meta({ description: 'The namespace of the application.', examples: ['orders'] }),
    sharedNamespace: z
      .boolean()
      .default(false)
      .meta({ description: 'Other workloads run in the namespace.', examples: [true] }),
    resources: z
      .array(z.string().min(1, 'must be a path'))
      .min(1, 'needs at least one file or kustomize folder')
      .meta({
        description: "The application's manifests: files or kustomize folders beside this file.",
        examples: [['deployment.yaml']],
      }),
    deployment: z
      .string()
      .regex(subdomain, aSubdomain)
      .meta({ description: 'The Deployment that gets the signer.', examples: ['orders'] }),
    container: z
      .string()
      .regex(
        ownContainer,
        'must be a DNS label, and not signer, vault-agent, istio-* or linkerd-*, which the signer and the proxies use',
      )
      .meta({ description: 'The container that calls the signer.', examples: ['web'] }),
    serviceAccount: z
      .string()
      .regex(ownAccount, 'must be the name of an account of its own, not `default`')
      .optional()
      .meta({
        description: "Its own ServiceAccount. Default: the Deployment's.",
        examples: ['orders'],
      }),
    port: z
      .int()
      .min(1, aPort)
      .max(65_535, aPort)
      .meta({ description: 'The container port of the public routes.', examples: [8000] }),
    service: z
      .string()
      .regex(serviceName, 'must be a DNS label that begins with a letter')
      .optional()
      .meta({
        description: 'The Service. Default: the only one that leads to the port.',
        examples: ['orders'],
      }),
    routes: z
      .array(routeSchema)
      .min(1, 'needs at least one route')
      .meta({
        description: 'What public clients may call: an exact path, or a prefix that ends with /*.',
        examples: [[{ method: 'POST', path: '/orders' }]],
      }),
    egress: z
      .array(
        z
          .string()
          .regex(
            egressHost,
            'must be NAMESPACE/HOST as in Istio, for example billing/billing.billing.svc.cluster.local',
          ),
      )
      .meta({
        description: "The hosts that it calls, as Istio's NAMESPACE/HOST. None: [].",
        examples: [['billing/billing.billing.svc.cluster.local']],
      }),
    images: z
      .record(z.string().min(1), imageSchema)
      .default({})
      .meta({
        description: "Other images than in the manifests, as kustomize's images.",
        examples: [{ orders: { newName: 'registry.example/orders', newTag: '1.4.0' } }],
      }),
    imagePrefix: z
      .string()
      .regex(image, 'must be a registry and a path, like registry.example/team')
      .optional()
      .meta({
        description: "Where the signer's image is.",
        examples: ['registry.example/team'],
      }),
    components: z
      .array(z.enum(componentNames))
      .default([])
      .meta({
        description: 'What is added, in any order: see below.',
        examples: [['network-policy']],
      }),
    limits: limitsSchema.optional().meta({
      description:
        'How much each Pod signs and verifies, for each key. Adds the component limits. `{}` takes the defaults.',
      examples: [{ signaturesPerSecond: 200, signaturesPerDay: 1_000_000 }],
    }),
    overlay: z
      .enum(overlayNames)
      .optional()
      .meta({ description: 'The layout. Default: default.', examples: ['default'] }),
    gateway: z
      .string()
      .regex(
        /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\/[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
        'must be NAMESPACE/NAME',
      )
      .optional()
      .meta({ description: 'An existing Gateway to bind to.', examples: ['infra/public'] }),
    publicHost: z
      .string()
      .regex(hostName, aSubdomain)
      .optional()
      .meta({ description: 'The host name for public clients.', examples: ['orders.example'] }),
    apiToken: z
      .array(z.string().regex(ownContainer, aLabel))
      .default([])
      .meta({
        description: 'The containers that call the Kubernetes API. No other gets its token.',
        examples: [['web']],
      }),
    smoke: smokeSchema.optional().meta({
      description: 'A request that makes the application sign, for make deploy, smoke and matrix.',
      examples: [
        {
          request: { method: 'POST', path: '/orders', body: { item: 'book' } },
          answer: { signature: '/signature', keyId: '/key_id', message: '/order' },
        },
      ],
    }),
  })
  .check(({ value, issues }) => {
    const keys = value.routes.map((each) => `${each.method} ${each.path}`)
    for (const [index, key] of keys.entries()) {
      if (keys.indexOf(key) === index) continue
      issues.push({
        code: 'custom',
        input: value.routes[index],
        path: ['routes', index],
        message: 'must differ from the routes above',
      })
    }
    const request = value.smoke?.request
    if (request === undefined || value.routes.some((each) => matches(each, request))) return
    issues.push({
      code: 'custom',
      input: request,
      path: ['smoke', 'request', 'path'],
      message: 'must have the method and path of one of the routes',
    })
  })
  .meta({
    title: 'signing.yaml',
    description: 'An application that the signer runs beside.',
  })

export type SigningConfig = z.infer<typeof signingSchema>
export type Route = SigningConfig['routes'][number]
export type SmokeRequest = z.infer<typeof requestSchema>
export type SmokeAnswer = z.infer<typeof answerSchema>
export type SmokeWebhook = z.infer<typeof webhookSchema>

/** Returns true if the route lets the request through. */
export function matches(allowed: Route, { method: used, path }: SmokeRequest): boolean {
  const [plain = ''] = path.split(/[?#]/)
  return coversPath(allowed.path, plain) && used === allowed.method
}
