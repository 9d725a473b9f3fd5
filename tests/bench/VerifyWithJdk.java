// Verifies every signature of an XML file with the JDK's own javax.xml.crypto.dsig, with cached keys.
// Usage: VerifyWithJdk; then one line "FILE TIMES" for each question, and the answer is the number
// of nanoseconds that TIMES verifications took.

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

public final class VerifyWithJdk {
    private static final XMLSignatureFactory FACTORY = XMLSignatureFactory.getInstance("DOM");
    private static final List<String> TARGETS =
        List.of("DU_LIEU_HOC_BA", "THONG_TIN_HOC_BA", "DIEM_TONG_KET", "SignedProperties");
    private static final Map<String, byte[]> FILES = new HashMap<>();
    private static final Map<String, PublicKey> KEYS = new HashMap<>();

    public static void main(String[] args) throws Exception {
        BufferedReader questions =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = questions.readLine(); line != null; line = questions.readLine()) {
            String[] words = line.split(" ");
            if (!FILES.containsKey(words[0])) {
                FILES.put(words[0], Files.readAllBytes(Path.of(words[0])));
            }
            byte[] data = FILES.get(words[0]);
            int times = Integer.parseInt(words[1]);
            long begin = System.nanoTime();
            for (int i = 0; i < times; i++) {
                verify(data);
            }
            System.out.println(System.nanoTime() - begin);
        }
    }

    private static void verify(byte[] data) throws Exception {
        DocumentBuilderFactory builders = DocumentBuilderFactory.newInstance();
        builders.setNamespaceAware(true);
        Document document = builders.newDocumentBuilder().parse(new ByteArrayInputStream(data));
        for (String name : TARGETS) {
            NodeList targets = document.getElementsByTagNameNS("*", name);
            for (int i = 0; i < targets.getLength(); i++) {
                ((Element) targets.item(i)).setIdAttribute("Id", true);
            }
        }
        NodeList signatures = document.getElementsByTagNameNS(XMLSignature.XMLNS, "Signature");
        for (int i = 0; i < signatures.getLength(); i++) {
            Element signature = (Element) signatures.item(i);
            DOMValidateContext context = new DOMValidateContext(keyOf(signature), signature);
            if (!FACTORY.unmarshalXMLSignature(context).validate(context)) {
                throw new IllegalStateException("signature " + i + " is not valid");
            }
        }
    }

    private static PublicKey keyOf(Element signature) throws Exception {
        String text = signature.getElementsByTagNameNS(XMLSignature.XMLNS, "X509Certificate")
            .item(0).getTextContent();
        PublicKey key = KEYS.get(text);
        if (key == null) {
            byte[] der = Base64.getMimeDecoder().decode(text);
            key = CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(der)).getPublicKey();
            KEYS.put(text, key);
        }
        return key;
    }
}
