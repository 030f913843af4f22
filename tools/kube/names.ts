// What the programs here and the resources in k8s/ and mesh/ call the same by agreement.

export const namespace = 'signing'
/** Where frontend and signer share a Pod; else see layouts.ts. */
export const deployment = 'secure-signing'
export const serviceAccount = 'secure-signing'
export const keySecret = 'hmac-key'

/** The owner of applied fields: fields that others set on the same resources are left alone. */
export const fieldManager = 'secure-signing'
