// Signs the slots of an XML file with the JDK's own javax.xml.crypto.dsig, one slot a line of a plan.
// Usage: SignWithJdk IN OUT PLAN C14N ENVELOPED(true|false)
// A line of PLAN: slot XPath | URIs separated by blanks | PKCS#8 DER file | certificate DER file

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.FileOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.DigestMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

public final class SignWithJdk {
    private static final XMLSignatureFactory FACTORY = XMLSignatureFactory.getInstance("DOM");

    public static void main(String[] args) throws Exception {
        DocumentBuilderFactory builders = DocumentBuilderFactory.newInstance();
        builders.setNamespaceAware(true);
        Document document = builders.newDocumentBuilder().parse(new File(args[0]));
        for (String line : Files.readAllLines(Path.of(args[2]))) {
            markIds(document);
            String[] plan = line.split("\\|");
            Element slot = (Element) XPathFactory.newInstance().newXPath()
                .evaluate(plan[0], document, XPathConstants.NODE);
            sign(slot, plan[1].split(" "), Path.of(plan[2]), Path.of(plan[3]), args[3],
                Boolean.parseBoolean(args[4]));
        }
        try (FileOutputStream out = new FileOutputStream(args[1])) {
            TransformerFactory.newInstance().newTransformer()
                .transform(new DOMSource(document), new StreamResult(out));
        }
    }

    private static void markIds(Document document) {
        NodeList all = document.getElementsByTagName("*");
        for (int i = 0; i < all.getLength(); i++) {
            Element element = (Element) all.item(i);
            boolean target = !element.getTagName().startsWith("GV");
            if (target && element.hasAttribute("Id")) {
                element.setIdAttribute("Id", true);
            }
        }
    }

    private static void sign(Element slot, String[] uris, Path keyFile, Path certificateFile,
            String c14n, boolean enveloped) throws Exception {
        X509Certificate certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(certificateFile)));
        String algorithm = certificate.getPublicKey().getAlgorithm();
        PrivateKey key = KeyFactory.getInstance(algorithm)
            .generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(keyFile)));
        List<Transform> transforms = new ArrayList<>();
        if (enveloped) {
            transforms.add(FACTORY.newTransform(Transform.ENVELOPED,
                (TransformParameterSpec) null));
        }
        transforms.add(FACTORY.newTransform(c14n, (TransformParameterSpec) null));
        List<Reference> references = new ArrayList<>();
        for (String uri : uris) {
            references.add(FACTORY.newReference(uri,
                FACTORY.newDigestMethod(DigestMethod.SHA256, null), transforms, null, null));
        }
        String method = "http://www.w3.org/2001/04/xmldsig-more#"
            + (algorithm.equals("RSA") ? "rsa-sha256" : "ecdsa-sha256");
        SignedInfo signedInfo = FACTORY.newSignedInfo(
            FACTORY.newCanonicalizationMethod(c14n, (C14NMethodParameterSpec) null),
            FACTORY.newSignatureMethod(method, null), references);
        KeyInfoFactory keyInfos = FACTORY.getKeyInfoFactory();
        KeyInfo keyInfo = keyInfos.newKeyInfo(
            List.of(keyInfos.newX509Data(List.of(certificate))));
        DOMSignContext context = new DOMSignContext(key, slot);
        context.setDefaultNamespacePrefix("ds");
        FACTORY.newXMLSignature(signedInfo, keyInfo).sign(context);
    }
}
