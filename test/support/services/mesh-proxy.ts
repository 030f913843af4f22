// Stands for the proxy of the mesh: it refuses and removes the caller token, and forwards requests to the signer's socket.
import { type RequestListener, request } from 'node:http'

/** Makes the listener. It answers 401 to a token that `isValid` refuses, and 503 if nothing listens at the socket. */
export function forwardToSocket(
  socketPath: string,
  isValid: (token: string | undefined) => boolean,
): RequestListener {
  return (incoming, outgoing) => {
    const { 'caller-token': token, ...headers } = incoming.headers
    if (!isValid(token?.toString())) {
      outgoing.writeHead(401).end()
      return
    }
    const { method, url: path } = incoming
    const onward = request({ socketPath, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.writeHead(503).end())
    incoming.pipe(onward)
  }
}
