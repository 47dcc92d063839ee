import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Something between a client and a server that can be cut. */
export interface TcpProxy {
  readonly port: number;
  /** Ends every connection, and refuses new ones. */
  cut(): Promise<void>;
  /** Lets connections through again. */
  mend(): Promise<void>;
  /** Once a client has sent `text`: the server gets it, and all connections end before its answer is let through. */
  cutAfter(text: string): void;
  close(): Promise<void>;
}

/** A proxy to a server on loopback. */
export async function tcpProxy(serverPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let awaited: string | undefined;
  const pass = (client: Socket): void => {
    const server = connect(serverPort, '127.0.0.1');
    let isDoomed = false;
    const end = (): void => {
      for (const socket of [client, server]) {
        socket.destroy();
        sockets.delete(socket);
      }
    };
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', end);
    }
    client.on('data', (bytes) => {
      if (awaited !== undefined && bytes.includes(awaited)) {
        isDoomed = true;
        awaited = undefined;
      }
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (isDoomed) end();
      else client.write(bytes);
    });
  };
  let port = 0;
  let listening: Server | undefined;
  const mend = async (): Promise<void> => {
    const server = createServer(pass);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    listening = server;
  };
  const cut = async (): Promise<void> => {
    const closed = new Promise((resolve) => listening?.close(resolve) ?? resolve(undefined));
    listening = undefined;
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await mend();
  return {
    port,
    cut,
    mend,
    cutAfter: (text) => {
      awaited = text;
    },
    close: cut,
  };
}
