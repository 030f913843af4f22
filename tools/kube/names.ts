// Names that the programs share with the resources in k8s/ and mesh/. Those of the application come from CONFIG.
import { application } from './application.ts'

/** `deployment` is the one of the default layout. layouts.ts has the others. `container` calls the signer, at `port` of `service`. */
export const { namespace, deployment, container, serviceAccount, service, port } = application
export const keySecret = 'hmac-key'
/** The ConfigMap whose existence stops all signing, and the volume with it. */
export const freezeMarker = 'signer-freeze'
/** Where the proxy of the Pod serves the signer. */
export const signerPort = 8081
/** The label of each Deployment with a signer, with the value "true". */
export const signerLabel = 'secure-signing.dev/signer'
/** The label by which policies select our Pods, with the value "true". */
export const protectedLabel = 'secure-signing.dev/protected'
/** The namespace in our YAML, from which its resources are moved to that of the application. */
export const writtenNamespace = 'signing'
/** Admission policies have no namespace, so their names begin with it. */
export const policyPrefixOf = (of: string) => `secure-${of}-`
export const policyPrefix = policyPrefixOf(namespace)

/** The owner of the fields that `make deploy` applies. It leaves fields of other owners alone. */
export const fieldManager = 'secure-signing'
