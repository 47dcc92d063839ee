import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { etl, projectFolder } from '../support/cli.ts';

const source = (name: string, auth: string): string => `kind: source
name: ${name}
baseUrl: https://${name}.example/v1
auth: ${auth}
streams:
  orders:
    request: {path: /orders}
    records: orders
    primaryKey: [id]
    paginate: {type: page, param: page, size: 10, sizeParam: size, orderedBy: [id]}
    lab: {generate: {records: 40, record: {id: {gen: sequence}}}}
`;

const mapping = (name: string): string =>
  `kind: mapping\nname: ${name}\nfrom: ${name}.orders\nload: {key: [id]}\nproperties:\n  id: {from: id, type: integer}\n`;

const auths: { readonly [name: string]: string } = {
  rotating:
    '{type: oauth2, grant: refresh_token, tokenUrl: "https://login.example/t", clientId: "${env:ID}", clientSecret: "${env:SECRET}", refreshToken: "${env:REFRESH}"}',
  minting:
    '{type: oauth2, tokenUrl: "https://login.example/t", clientId: "${env:ID}", clientAuth: body, scope: read}',
  signing:
    '{type: jwt_bearer, tokenUrl: "https://login.example/t", issuer: "${env:ID}", privateKey: "${file:key.pem}", algorithm: ES256}',
  login:
    '{type: session, login: {path: /login, body: {password: "${env:PASSWORD}"}}, sessionToken: {body: token}, header: X-Session}',
};

describe('tokens in the lab', () => {
  it('are issued for every kind of authentication, run after run, and stand in no artifact', async () => {
    const folder = projectFolder({
      'etl.yml': 'kind: project\nname: demo\nenvironments:\n  dev: {tokenKey: "${env:KEY}"}\n',
      ...Object.fromEntries(
        Object.entries(auths).flatMap(([name, auth]) => [
          [`sources/${name}.yml`, source(name, auth)],
          [`mappings/${name}.yml`, mapping(name)],
        ]),
      ),
    });
    for (let run = 0; run < 2; run += 1) {
      const { code, stdout, stderr } = await etl(['run', '--lab', '--json', '-p', folder]);
      expect(code, stdout + stderr).to.equal(0);
    }
    const { stdout } = await etl(['plan', '--json', '-p', folder]);
    expect(stdout).to.contain('${env:REFRESH}');
    const kept = readFileSync(join(folder, '.etl/lab/staging.sqlite'), 'latin1');
    expect(kept).to.contain('token:rotating:default').and.not.contain('lab-REFRESH');
  }).timeout(60_000);
});
