// SPDX-License-Identifier: Apache-2.0
// bolt.js PROTO PORT WHAT N: the official driver against tests/wire/bolt_responder.py: does WHAT N times, one at a time, and
// says on its last line how many of them failed and how long all took, as it saw them. Without a port: only that it is here.
"use strict";
const neo4j = require("neo4j-driver");

const [port, what, n] = process.argv.slice(3);

async function fails(work) {
    try {
        await work();
        return 0;
    } catch (error) {
        return 1;
    }
}

async function transaction(session) {
    const tx = session.beginTransaction();
    await tx.run("RETURN 1");
    await tx.run("RETURN 2");
    await tx.commit();
}

const DOES = {
    query: (session) => session.run("RETURN 10"),
    batches: (session) => session.run("RETURN 2500"), // the driver asks for 1000 at a time
    sleep: (session) => session.run("SLEEP 20"),
    wrong: (session) => session.run("FAIL ClientError"),
    broken: (session) => session.run("FAIL DatabaseError"),
    transaction,
    rollback: async (session) => {
        const tx = session.beginTransaction();
        await tx.run("RETURN 1");
        await tx.rollback();
    },
};

async function main() {
    const driver = neo4j.driver(`bolt://127.0.0.1:${port}`, neo4j.auth.basic("neo4j", "secret"), { telemetryDisabled: true });
    const session = driver.session({ fetchSize: 1000 });
    let failed = 0, took = 0;
    for (let i = 0; i < Number(n); i++) {
        const from = process.hrtime.bigint();
        failed += await fails(() => DOES[what](session));
        took += Number(process.hrtime.bigint() - from);
    }
    await session.close();
    await driver.close();
    console.log(JSON.stringify({ failed, took }));
}

if (port)
    main();
