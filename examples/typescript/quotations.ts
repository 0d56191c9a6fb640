// Prints who said what in a text: node dist/quotations.js [ADDRESS] [FILE]

import { readFile } from "node:fs/promises";

import { credentials, Metadata, type ServiceError } from "@grpc/grpc-js";

import {
  type DocumentResult,
  ExtractQuotationsRequest,
  OffsetEncoding,
  QuotationServiceClient,
  type TextSpan,
} from "./generated/guillemet/v1/quotation.js";

const TIMEOUT_MILLISECONDS = 60_000;

/** Ask the server; the offsets of its answer count what the indices of JavaScript's strings count. */
function extract(client: QuotationServiceClient, text: string): Promise<DocumentResult> {
  const request = ExtractQuotationsRequest.fromPartial({
    document: { text },
    // The words are cut from our own string: the answer need not carry them.
    options: { offsetEncoding: OffsetEncoding.OFFSET_ENCODING_UTF16, omitText: true },
  });
  const options = { deadline: Date.now() + TIMEOUT_MILLISECONDS };
  return new Promise((resolve, reject) => {
    client.extractQuotations(request, new Metadata(), options, (error: ServiceError | null, response) => {
      if (error) reject(error);
      else resolve(response.result!);
    });
  });
}

/** A line a quotation: the speaker, or "?" where the text does not say, and the words. */
function lines(text: string, result: DocumentResult): string[] {
  const words = (span: TextSpan) => text.slice(span.beginOffset, span.endOffset);
  const speakers = new Map(result.entities.map((entity) => [entity.id, words(entity.name!)]));
  return result.quotations.map((quotation) => {
    const speaker = speakers.get(quotation.speakerId ?? "") ?? "?";
    return `${speaker}: ${quotation.spans.map(words).join(" […] ")}`.replace(/[ \t\r\n]+/g, " ");
  });
}

async function main([address = "localhost:50051", file = "../article.txt"]: string[]): Promise<void> {
  // A byte order mark stays: the server counts it too.
  const text = (await readFile(file)).toString("utf8");
  const client = new QuotationServiceClient(address, credentials.createInsecure());
  try {
    for (const line of lines(text, await extract(client, text))) console.log(line);
  } finally {
    client.close();
  }
}

main(process.argv.slice(2)).catch((error: Error & Partial<ServiceError>) => {
  console.error(error.details ?? error.message);
  process.exitCode = 1;
});
