// Names that the programs share with the resources in k8s/ and mesh/.

export const namespace = 'signing'
/** The Deployment of the default layout. layouts.ts has the others. */
export const deployment = 'secure-signing'
export const serviceAccount = 'secure-signing'
export const keySecret = 'hmac-key'

/** The owner of the fields that `make deploy` applies. It leaves fields of other owners alone. */
export const fieldManager = 'secure-signing'
