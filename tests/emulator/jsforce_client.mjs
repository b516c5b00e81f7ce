// Does with jsforce what its users do, against the org named by the environment; prints what came of it as JSON.
import jsforce from 'jsforce';

const { ORG_URL: loginUrl, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, ORG_USER, ORG_PASSWORD } = process.env;
const done = {};

const conn = new jsforce.Connection({ oauth2: { loginUrl, clientId, clientSecret } });
const user = await conn.authorize({ grant_type: 'client_credentials' });
done.organization = user.organizationId;
done.identity = (await conn.identity()).organization_id;

const names = Array.from({ length: 450 }, (_, number) => ({ Name: `Account ${String(number).padStart(3, '0')}` }));
const created = await conn.sobject('Account').create(names, { allowRecursive: true });
done.created = created.filter((one) => one.success && one.id.length === 18).length;

done.refused = (await conn.sobject('Account').create([{ Name: 'Good' }, { Site: 'no name' }])).map((one) =>
  one.success ? 'saved' : one.errors[0].statusCode,
);

const fetched = [];
await new Promise((resolve, reject) => {
  conn
    .query("SELECT Id, Name FROM Account WHERE Name LIKE 'Account %' ORDER BY Name")
    .on('record', (record) => fetched.push(record.Name))
    .on('end', resolve)
    .on('error', reject)
    .run({ autoFetch: true, maxFetch: 10000, headers: { 'Sforce-Query-Options': 'batchSize=200' } });
});
done.fetched = [fetched.length, fetched[0], fetched.at(-1)];

const order = { SFSync_Key__c: 'deal-1', AccountId: created[0].id, EffectiveDate: '2026-03-01', Status: 'Draft' };
const first = await conn.sobject('Order').upsert(order, 'SFSync_Key__c');
const again = await conn.sobject('Order').upsert(
  { SFSync_Key__c: 'deal-1', Description: 'again', EffectiveDate: '2026-03-02' },
  'SFSync_Key__c',
);
done.upserted = [first.created, again.created, first.id === again.id];
done.order = (await conn.sobject('Order').retrieve(first.id)).EffectiveDate;

try {
  await conn.query('SELECT Nope FROM Account');
} catch (error) {
  done.error = [error.name, error.errorCode];
}

const described = await conn.sobject('Order').describe();
done.described = [described.name, described.keyPrefix, described.fields.some((field) => field.name === 'StatusCode')];
done.global = (await conn.describeGlobal()).sobjects.some((sobject) => sobject.name === 'OrderItem');

conn.bulk2.pollInterval = 1;
conn.bulk2.pollTimeout = 30000;
const load = await conn.bulk2.loadAndWaitForResults({
  object: 'Account',
  operation: 'insert',
  input: [
    { Name: 'Loaded 1', Site: 'A' },
    { Name: 'Loaded, 2', Site: 'B' },
    { Name: '', Site: 'C' },
  ],
});
done.loaded = [load.successfulResults.length, load.failedResults.length, load.failedResults[0].sf__Error.split(':')[0]];

const rows = await (await conn.bulk2.query("SELECT Name FROM Account WHERE Name LIKE 'Loaded%' ORDER BY Name")).toArray();
done.bulkQuery = rows.map((row) => row.Name);

const soap = new jsforce.Connection({ loginUrl, version: '59.0' });
done.soap = (await soap.login(ORG_USER, ORG_PASSWORD)).organizationId;
done.afterSoap = (await soap.query('SELECT COUNT() FROM Order')).totalSize;

process.stdout.write(JSON.stringify(done));
